//! What a figure counts, and which of two is the better one.

/// The unit of a figure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Jobs a second: more is better.
    Rate,
    /// Milliseconds: less is better.
    Time,
    /// Statements a second: less is better.
    Statements,
    /// Milliseconds of a processor in a second: less is better.
    Cpu,
}

impl Unit {
    /// Its name in the figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "jobs/s",
            Self::Time => "ms",
            Self::Statements => "statements/s",
            Self::Cpu => "ms CPU/s",
        }
    }

    /// How `value` stands beside `ceiling`. Higher is better.
    #[must_use]
    pub fn ratio(self, value: f64, ceiling: f64) -> f64 {
        match self {
            Self::Rate => value / ceiling,
            Self::Time | Self::Statements | Self::Cpu => ceiling / value,
        }
    }

    /// A figure for programs: no more digits than were measured.
    pub(super) fn rounded(self, figure: f64) -> f64 {
        match self {
            Self::Rate => figure.round(),
            Self::Time | Self::Statements | Self::Cpu => (figure * 1000.0).round() / 1000.0,
        }
    }

    /// A figure for people.
    pub(super) fn say(self, figure: f64) -> String {
        match self {
            Self::Rate => grouped(figure),
            Self::Time => format!("{figure:.3} ms"),
            Self::Statements => format!("{figure:.2} /s"),
            Self::Cpu => format!("{figure:.2} ms/s"),
        }
    }
}

/// A whole number, its thousands set apart.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_one_has_the_higher_ratio() {
        assert!(Unit::Rate.ratio(200.0, 100.0) > Unit::Rate.ratio(100.0, 100.0));
        assert!(Unit::Time.ratio(100.0, 100.0) > Unit::Time.ratio(200.0, 100.0));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7.4, 999.0, 1000.0, 1_234_567.0].map(grouped), ["7", "999", "1,000", "1,234,567"]);
    }
}
