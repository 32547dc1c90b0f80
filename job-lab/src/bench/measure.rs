//! Rounds: a ceiling, its candidate right after it, again and again; and what is said of them in the end.

use super::{costs::Costs, unit::Unit};
use std::time::Duration;

/// What one side of a round showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// The figure, in the unit of its workload.
    pub figure: f64,
    /// What it cost the server for each job, where one counts that.
    pub costs: Option<Costs>,
}

/// One round: two sides, taken one right after the other because machines drift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// The candidate.
    pub value: Side,
    /// Its ceiling, just before, if it has one.
    pub ceiling: Option<Side>,
    /// What the two figures are.
    pub unit: Unit,
}

impl Round {
    /// How much of the ceiling the candidate reached, if there is one. Higher is better.
    #[must_use]
    pub fn ratio(self) -> Option<f64> {
        self.ceiling.map(|ceiling| self.unit.ratio(self.value.figure, ceiling.figure))
    }

    /// What rounds are compared by: the ratio, or without a ceiling the figure.
    #[must_use]
    pub fn score(self) -> f64 {
        self.ratio().unwrap_or(self.value.figure)
    }
}

/// The rounds of one case, by score. Never empty.
#[derive(Clone, Debug)]
pub struct Rounds {
    by_score: Vec<Round>,
}

impl Rounds {
    /// The first one.
    #[must_use]
    pub fn new(first: Round) -> Self {
        Self { by_score: vec![first] }
    }

    /// One more.
    pub fn add(&mut self, round: Round) {
        let place = self.by_score.partition_point(|it| it.score() < round.score());
        self.by_score.insert(place, round);
    }

    /// The round whose score is the median; of two in the middle, the lower. Its three figures belong together,
    /// which the medians of each would not.
    #[must_use]
    pub fn median(&self) -> Round {
        self.by_score[(self.by_score.len() - 1) / 2]
    }

    /// The lowest and the highest score: how far to trust the median.
    #[must_use]
    pub fn spread(&self) -> (f64, f64) {
        (self.by_score[0].score(), self.by_score[self.by_score.len() - 1].score())
    }
}

/// Jobs a second.
#[must_use]
pub(super) fn rate(jobs: u32, took: Duration) -> f64 {
    f64::from(jobs) / took.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(figure: f64) -> Side {
        Side { figure, costs: None }
    }

    fn round(value: f64) -> Round {
        Round { value: side(value), ceiling: Some(side(100.0)), unit: Unit::Rate }
    }

    fn rounds<const N: usize>(values: [f64; N]) -> Rounds {
        let mut rounds = Rounds::new(round(values[0]));
        values[1..].iter().for_each(|it| rounds.add(round(*it)));
        rounds
    }

    #[test]
    fn the_median_is_one_round_whatever_their_order() {
        for values in [[90.0, 10.0, 50.0], [50.0, 90.0, 10.0], [10.0, 50.0, 90.0]] {
            assert_eq!(rounds(values).median(), round(50.0));
            assert_eq!(rounds(values).spread(), (0.1, 0.9));
        }
    }

    #[test]
    fn rounds_are_ordered_by_ratio_not_by_speed() {
        let mut rounds = rounds([20.0, 30.0]);
        rounds.add(Round { value: side(500.0), ceiling: Some(side(5000.0)), unit: Unit::Rate });
        assert_eq!(rounds.median(), round(20.0));
    }

    #[test]
    fn of_two_in_the_middle_the_lower_one_counts() {
        assert_eq!(rounds([40.0, 30.0]).median(), round(30.0));
        assert_eq!(rounds([4.0, 3.0, 2.0, 1.0]).median(), round(2.0));
    }

    #[test]
    fn rounds_without_a_ceiling_are_ordered_by_what_they_showed() {
        let bare = |value| Round { value: side(value), ceiling: None, unit: Unit::Cpu };
        let mut rounds = Rounds::new(bare(3.0));
        [1.0, 2.0].map(bare).into_iter().for_each(|it| rounds.add(it));
        assert_eq!((rounds.median(), rounds.spread()), (bare(2.0), (1.0, 3.0)));
        assert_eq!(rounds.median().ratio(), None);
    }

    #[test]
    fn one_round_is_its_own_median() {
        assert_eq!((rounds([7.0]).median(), rounds([7.0]).spread()), (round(7.0), (0.07, 0.07)));
    }

    #[test]
    fn a_rate_is_jobs_a_second() {
        assert!((rate(500, Duration::from_millis(250)) - 2000.0).abs() < 1e-9);
    }
}
