//! How figures are said: a table for people, and a JSON object a line for programs.

use super::{Case, Kind, Machine, Rounds, target};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::Path,
};

/// How the figures are said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Report {
    /// To people.
    Table,
    /// To programs: one JSON object a line. What was measured on goes to stderr.
    Json,
}

/// What was measured of one case on one store.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The store.
    pub kind: Kind,
    /// The case.
    pub case: Case,
    /// What each round gave.
    pub rounds: Rounds,
}

/// One line for programs.
#[derive(Serialize)]
struct Line {
    store: &'static str,
    workload: &'static str,
    variant: &'static str,
    /// Whole.
    value: f64,
    unit: &'static str,
    /// Whole.
    ceiling: f64,
    /// With three decimals; higher is better.
    ratio: f64,
}

impl Report {
    /// Writes what stands above the figures: what is measured on, where its files are, and the heads of columns.
    ///
    /// # Errors
    ///
    /// If `out` cannot be written.
    pub fn head(self, files: &Path, out: &mut dyn Write) -> io::Result<()> {
        let machine = format!("{}; files in {}", Machine::this(), files.display());
        match self {
            Self::Json => {
                eprintln!("{machine}");
                Ok(())
            }
            Self::Table => {
                writeln!(out, "{machine}\n")?;
                let heads = ["jobs/s", "ceiling", "ratio", "min..max", "target"].map(str::to_owned);
                writeln!(out, "{}", row(["store", "workload", "variant"], &heads))
            }
        }
    }

    /// Writes a figure.
    ///
    /// # Errors
    ///
    /// If `out` cannot be written.
    pub fn figure(self, figure: &Figure, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Json => writeln!(out, "{}", serde_json::to_string(&figure.line())?)?,
            Self::Table => writeln!(out, "{}", figure.row())?,
        }
        out.flush()
    }
}

impl Figure {
    fn names(&self) -> [&'static str; 3] {
        [self.kind.name(), self.case.workload().name(), self.case.variant]
    }

    fn line(&self) -> Line {
        let [store, workload, variant] = self.names();
        let median = self.rounds.median();
        Line {
            store,
            workload,
            variant,
            value: median.value.round(),
            unit: "jobs/s",
            ceiling: median.ceiling.round(),
            ratio: (median.ratio() * 1000.0).round() / 1000.0,
        }
    }

    fn row(&self) -> String {
        let median = self.rounds.median();
        let (least, most) = self.rounds.spread();
        let figures = [
            grouped(median.value),
            grouped(median.ceiling),
            ratio(median.ratio()),
            format!("{}..{}", ratio(least), ratio(most)),
            target(self.kind, &self.case).map(ratio).unwrap_or_default(),
        ];
        row(self.names(), &figures)
    }
}

/// At most 80 columns.
fn row([store, workload, variant]: [&str; 3], figures: &[String; 5]) -> String {
    let [value, ceiling, ratio, spread, target] = figures;
    let names = format!("{store:<6} {workload:<11} {variant:<12}");
    format!("{names} {value:>10} {ceiling:>10} {ratio:>6} {spread:>12} {target:>6}").trim_end().to_owned()
}

/// Two decimals, or one from ten on.
fn ratio(ratio: f64) -> String {
    if ratio < 9.995 { format!("{ratio:.2}") } else { format!("{ratio:.1}") }
}

/// A whole number, its thousands set apart.
fn grouped(number: f64) -> String {
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
    use super::super::Round;
    use super::*;

    fn said(report: Report, variant: &str, rounds: &[(f64, f64)]) -> String {
        let rounds: Vec<Round> =
            rounds.iter().map(|(value, ceiling)| Round { value: *value, ceiling: *ceiling }).collect();
        let mut all = Rounds::new(rounds[0]);
        rounds[1..].iter().for_each(|it| all.add(*it));
        let case = *Case::ALL.iter().find(|it| it.variant == variant).unwrap();
        let mut out = Vec::new();
        report.figure(&Figure { kind: Kind::Sqlite, case, rounds: all }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_has_the_median_the_spread_and_the_target_in_eighty_columns() {
        let rounds = [(1_234_567.4, 95_000.0), (950_000.0, 95_000.0), (475_000.0, 95_000.0)];
        let row = said(Report::Table, "callers-64", &rounds);
        assert_eq!(row, "sqlite enqueue     callers-64      950,000     95,000   10.0   5.00..13.0   12.0\n");
        assert!(row.trim_end().len() <= 80);
    }

    #[test]
    fn a_row_without_a_target_ends_with_the_spread() {
        assert!(said(Report::Table, "unique", &[(5.0, 10.0)]).ends_with("0.50   0.50..0.50\n"));
    }

    #[test]
    fn a_line_has_the_seven_members_and_figures_that_agree() {
        let line = said(Report::Json, "kept-10", &[(1000.4, 3000.0)]);
        let members = r#"{"store":"sqlite","workload":"store-drain","variant":"kept-10","value":1000.0,"unit":"jobs/s","ceiling":3000.0,"ratio":0.333}"#;
        assert_eq!(line, format!("{members}\n"));
    }
}
