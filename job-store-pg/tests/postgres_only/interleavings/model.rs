//! What may come of two operations, by doing their parts one after the other.

use super::{
    operation::Op,
    stage::{Begin, Stage},
};
use std::fmt::Debug;

/// What an operation answered, part by part.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
struct Part {
    /// Unless the answer was an error, which tells nothing of the parts.
    words: Option<String>,
    /// Whether it says that nothing was done because somebody held the row.
    passed_by: bool,
}

impl Answer {
    pub(super) fn new(answer: impl Debug, passed_by: bool) -> Self {
        Self(vec![Part { words: Some(format!("{answer:?}")), passed_by }])
    }

    /// That of so many parts, which an error keeps back.
    pub(super) fn untold(parts: usize) -> Self {
        Self(vec![Part { words: None, passed_by: false }; parts])
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// With `words` of another in it.
    pub(super) fn map(self, words: impl Fn(String) -> String) -> Self {
        let part = |it: Part| Part { words: it.words.map(&words), ..it };
        Self(self.0.into_iter().map(part).collect())
    }
}

/// The answers of the first and the second operation, if they were done, and the rows that are left.
pub(super) type Outcome = ([Option<Answer>; 2], String);

/// A part of the first or the second operation.
type Step = (usize, usize);

/// What may come of two operations.
pub(super) struct Model<'s> {
    stage: &'s Stage,
    begin: Begin,
    parts: [Vec<Op>; 2],
    /// What was found so far, which costs time.
    possible: Vec<Outcome>,
}

impl<'s> Model<'s> {
    pub(super) fn new(stage: &'s Stage, begin: Begin, ops: [Option<Op>; 2]) -> Self {
        let parts = |op: Op| if op.parts().is_empty() { vec![op] } else { op.parts().to_vec() };
        Self { stage, begin, parts: ops.map(|op| op.map_or(Vec::new(), parts)), possible: Vec::new() }
    }

    /// Fails unless their parts, one after the other in some order, come to the same.
    pub(super) async fn explain(&mut self, came: &Outcome, name: &str) {
        if self.possible.iter().any(|it| agree(it, came)) {
            return;
        }
        for order in orders([self.parts[0].len(), self.parts[1].len()]) {
            // Who passed a held row by did nothing: it may be left out, wherever it was.
            let passed = |it: &&Step| came.0[it.0].as_ref().is_some_and(|answer| answer.0[it.1].passed_by);
            let may_miss: Vec<Step> = order.iter().filter(passed).copied().collect();
            for missed in subsets(&may_miss) {
                let outcome = self.in_order(&order, &missed, came).await;
                let explains = agree(&outcome, came);
                self.possible.push(outcome);
                if explains {
                    return;
                }
            }
        }
        panic!("{name}: {came:#?}\nis none of {:#?}", self.possible);
    }

    async fn in_order(&self, order: &[Step], missed: &[Step], came: &Outcome) -> Outcome {
        let scene = self.stage.set(self.begin).await;
        let mut answers = came.0.clone();
        for (n, part) in order.iter().filter(|it| !missed.contains(it)) {
            let did = self.stage.perform(&self.stage.stores[*n], self.parts[*n][*part], &scene, *n).await;
            if let Some(answer) = &mut answers[*n] {
                answer.0[*part] = did.0[0].clone();
            }
        }
        self.stage.outcome(answers).await
    }
}

fn agree((answers, rows): &Outcome, (came, left): &Outcome) -> bool {
    let all = |it: &[Option<Answer>; 2]| it.iter().flatten().flat_map(|it| it.0.clone()).collect::<Vec<_>>();
    let told = |(one, other): (&Part, &Part)| other.words.is_none() || one.words == other.words;
    rows == left && all(answers).iter().zip(&all(came)).all(told)
}

/// All orders of so many parts of each, in which each one's stay in theirs.
fn orders(left: [usize; 2]) -> Vec<Vec<Step>> {
    if left == [0, 0] {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for n in [1, 0] {
        let mut before = left;
        let Some(part) = left[n].checked_sub(1) else { continue };
        before[n] = part;
        all.extend(orders(before).into_iter().map(|mut it| {
            it.push((n, part));
            it
        }));
    }
    all
}

fn subsets(of: &[Step]) -> Vec<Vec<Step>> {
    let Some((last, others)) = of.split_last() else { return vec![Vec::new()] };
    let without = subsets(others);
    let with = without.iter().map(|it| it.iter().chain([last]).copied().collect());
    without.iter().cloned().chain(with.collect::<Vec<_>>()).collect()
}
