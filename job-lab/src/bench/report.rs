//! How figures are said: a table for people, and a JSON object a line for programs.

use super::{
    case::Case,
    costs::Costs,
    kind::Kind,
    machine::Machine,
    measure::Rounds,
    targets::target,
    unit::{Unit, grouped},
};
use serde::Serialize;
use std::io::{self, Write};

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
    /// With no more digits than were measured.
    value: f64,
    unit: &'static str,
    /// As the value; none if nothing is the least that would do.
    ceiling: Option<f64>,
    /// With three decimals; higher is better.
    ratio: Option<f64>,
}

impl Report {
    /// Writes what stands above the figures: what is measured on, in the words of `ground` too, and the heads of columns.
    ///
    /// # Errors
    ///
    /// If `out` cannot be written.
    pub fn head(self, ground: &str, out: &mut dyn Write) -> io::Result<()> {
        let machine = format!("{}; {ground}", Machine::this());
        match self {
            Self::Json => {
                eprintln!("{machine}");
                Ok(())
            }
            Self::Table => {
                writeln!(out, "{machine}\n")?;
                let heads = ["value", "ceiling", "ratio", "min..max", "target"].map(str::to_owned);
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
            Self::Json => {
                for line in figure.lines() {
                    writeln!(out, "{}", serde_json::to_string(&line)?)?;
                }
            }
            Self::Table => {
                for row in figure.rows() {
                    writeln!(out, "{row}")?;
                }
            }
        }
        out.flush()
    }
}

impl Figure {
    fn names(&self) -> [&'static str; 3] {
        [self.kind.name(), self.case.workload().name(), self.case.variant]
    }

    /// The figure, and behind it what it cost.
    fn lines(&self) -> Vec<Line> {
        let median = self.rounds.median();
        let (value, ceiling) = (median.value.figure, median.ceiling.map(|it| it.figure));
        let unit = median.unit;
        let rounded = |figure| unit.rounded(figure);
        let mut lines = vec![self.line(unit.name(), rounded(value), ceiling.map(rounded), median.ratio())];
        let costs = median.value.costs.zip(median.ceiling.and_then(|it| it.costs));
        let costs = costs.into_iter().flat_map(|(value, ceiling)| value.each().zip(ceiling.each()));
        // What was none on either side has no ratio.
        let costs = costs.filter(|((_, value), (_, ceiling))| *value > 0.0 && *ceiling > 0.0);
        lines.extend(costs.map(|((unit, value), (_, ceiling))| {
            let ratio = Unit::Time.ratio(value, ceiling);
            self.line(unit, thousandths(value), Some(thousandths(ceiling)), Some(ratio))
        }));
        lines
    }

    fn line(&self, unit: &'static str, value: f64, ceiling: Option<f64>, ratio: Option<f64>) -> Line {
        let [store, workload, variant] = self.names();
        Line { store, workload, variant, value, unit, ceiling, ratio: ratio.map(thousandths) }
    }

    /// The figure, and below it what it cost.
    fn rows(&self) -> Vec<String> {
        let median = self.rounds.median();
        let (least, most) = self.rounds.spread();
        let none = || "-".to_owned();
        let aim = |it| if median.ceiling.is_some() { ratio(it) } else { format!("<= {it}") };
        let figures = [
            median.unit.say(median.value.figure),
            median.ceiling.map_or_else(none, |it| median.unit.say(it.figure)),
            median.ratio().map_or_else(none, ratio),
            format!("{}..{}", ratio(least), ratio(most)),
            target(self.kind, &self.case).map(aim).unwrap_or_default(),
        ];
        let mut rows = vec![row(self.names(), &figures)];
        let sides = [("a job", median.value.costs), ("ceiling", median.ceiling.and_then(|it| it.costs))];
        rows.extend(sides.into_iter().filter_map(|(side, costs)| Some(cost(side, costs?))));
        rows
    }
}

/// With three decimals.
fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// What one side cost.
fn cost(side: &str, costs: Costs) -> String {
    let Costs { wal, commits, calls, dead } = costs;
    let calls = calls.map(|it| format!("  calls {it:.4}")).unwrap_or_default();
    format!("{side:>18}  WAL {:>7} B  commits {commits:.4}{calls}  dead rows {dead:.2}", grouped(wal))
}

/// At most 80 columns.
fn row([store, workload, variant]: [&str; 3], figures: &[String; 5]) -> String {
    let [value, ceiling, ratio, spread, target] = figures;
    let names = format!("{store:<8} {workload:<11} {variant:<12}");
    format!("{names} {value:>9} {ceiling:>9} {ratio:>6} {spread:>12} {target:>6}").trim_end().to_owned()
}

/// Two decimals, or one from ten on.
fn ratio(ratio: f64) -> String {
    if ratio < 9.995 { format!("{ratio:.2}") } else { format!("{ratio:.1}") }
}

#[cfg(test)]
mod tests {
    use super::super::{Round, Side};
    use super::*;

    fn said(report: Report, kind: Kind, variant: &str, unit: Unit, rounds: &[(f64, f64)]) -> String {
        let costs = |wal| Costs { wal, commits: 0.002, calls: Some(0.0031), dead: 2.0 };
        let side = |figure, wal| Side { figure, costs: (kind == Kind::Postgres).then(|| costs(wal)) };
        let round =
            |it: &(f64, f64)| Round { value: side(it.0, 1234.5), ceiling: Some(side(it.1, 617.25)), unit };
        let mut all = Rounds::new(round(&rounds[0]));
        rounds[1..].iter().for_each(|it| all.add(round(it)));
        let case = *Case::ALL.iter().find(|it| it.variant == variant).unwrap();
        let mut out = Vec::new();
        report.figure(&Figure { kind, case, rounds: all }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_has_the_median_the_spread_and_the_target_in_eighty_columns() {
        let rounds = [(1_234_567.4, 95_000.0), (950_000.0, 95_000.0), (475_000.0, 95_000.0)];
        let row = said(Report::Table, Kind::Sqlite, "callers-64", Unit::Rate, &rounds);
        assert_eq!(row, "sqlite   enqueue     callers-64     950,000    95,000   10.0   5.00..13.0   12.0\n");
        assert!(row.trim_end().len() <= 80);
    }

    #[test]
    fn a_row_without_a_target_ends_with_the_spread() {
        let row = said(Report::Table, Kind::Sqlite, "unique", Unit::Rate, &[(5.0, 10.0)]);
        assert!(row.ends_with("0.50   0.50..0.50\n"));
    }

    #[test]
    fn a_line_has_the_seven_members_and_figures_that_agree() {
        let line = said(Report::Json, Kind::Sqlite, "kept-10", Unit::Rate, &[(1000.4, 3000.0)]);
        let members = r#"{"store":"sqlite","workload":"store-drain","variant":"kept-10","value":1000.0,"unit":"jobs/s","ceiling":3000.0,"ratio":0.333}"#;
        assert_eq!(line, format!("{members}\n"));
    }

    #[test]
    fn a_time_is_better_the_shorter_it_is() {
        let line = said(Report::Json, Kind::Sqlite, "worker-p50", Unit::Time, &[(0.84, 0.42)]);
        assert!(line.contains(r#""value":0.84,"unit":"ms","ceiling":0.42,"ratio":0.5"#), "{line}");
    }

    #[test]
    fn what_has_no_ceiling_is_said_without_and_beside_the_most_it_may_be() {
        let case = *Case::ALL.iter().find(|it| it.variant == "statements").unwrap();
        let value = Side { figure: 1.25, costs: None };
        let rounds = Rounds::new(Round { value, ceiling: None, unit: case.unit() });
        let figure = Figure { kind: Kind::Postgres, case, rounds };
        let row = "postgres idle        statements     1.25 /s         -      -   1.25..1.25   <= 2";
        assert_eq!(figure.rows(), [row]);
        let line = serde_json::to_string(&figure.lines()[0]).unwrap();
        assert!(
            line.ends_with(r#""value":1.25,"unit":"statements/s","ceiling":null,"ratio":null}"#),
            "{line}"
        );
    }

    #[test]
    fn what_a_server_counts_stands_below_the_figure() {
        let rows = said(Report::Table, Kind::Postgres, "kept-10", Unit::Rate, &[(1000.0, 1000.0)]);
        let rows: Vec<&str> = rows.lines().collect();
        assert_eq!(
            rows[1],
            "             a job  WAL   1,234 B  commits 0.0020  calls 0.0031  dead rows 2.00"
        );
        assert!(rows.len() == 3 && rows.iter().all(|it| it.len() <= 80), "{rows:?}");
        let lines = said(Report::Json, Kind::Postgres, "kept-10", Unit::Rate, &[(1000.0, 1000.0)]);
        assert!(lines.contains(r#""value":1234.5,"unit":"WAL bytes/job","ceiling":617.25,"ratio":0.5}"#));
        assert_eq!(lines.lines().count(), 5);
    }
}
