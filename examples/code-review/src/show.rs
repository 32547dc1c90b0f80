//! What the demo prints: proposals with the size of their diffs and their heat, the hottest first.

use crate::{DiffSize, Proposal};
use std::{cmp::Ordering, fmt};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest line.
const WIDTH: usize = 80;

/// The most proposals that are shown.
const ROWS_MAX: usize = 25;

/// Proposals, and the sizes of their diffs where they have one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    rows: Vec<(Proposal, Option<DiffSize>)>,
}

impl Table {
    /// A table of these, hottest first and those without heat last.
    #[must_use]
    pub fn new(mut rows: Vec<(Proposal, Option<DiffSize>)>) -> Self {
        let heat = |it: &Proposal| it.heat.unwrap_or(f64::NEG_INFINITY);
        rows.sort_by(|(a, _), (b, _)| heat(b).partial_cmp(&heat(a)).unwrap_or(Ordering::Equal));
        Self { rows }
    }
}

const HEADINGS: [&str; 6] = ["commit", "files", "added", "removed", "heat", "subject"];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<_> = self.rows.iter().take(ROWS_MAX).map(|(it, size)| cells(it, *size)).collect();
        let mut widths = HEADINGS.map(str::len);
        for cells in &shown {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.len());
            }
        }
        let taken: usize = widths[..5].iter().map(|it| it + 2).sum();
        let headings = HEADINGS.map(str::to_owned);
        for cells in std::iter::once(&headings).chain(&shown) {
            write!(f, "{:<1$}", cells[0], widths[0])?;
            for (cell, width) in cells.iter().zip(widths).take(5).skip(1) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f, "  {}", fitting(&cells[5], WIDTH.saturating_sub(taken)))?;
        }
        let more = self.rows.len().saturating_sub(ROWS_MAX);
        if more > 0 {
            writeln!(f, "and {more} more")?;
        }
        self.sum(f)
    }
}

impl Table {
    fn sum(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = || self.rows.iter().filter_map(|(_, size)| *size);
        let sum = |part: fn(DiffSize) -> i64| sizes().map(part).fold(0, i64::saturating_add);
        let (added, removed) = (sum(|it| it.insertions), sum(|it| it.deletions));
        writeln!(f, "\nDiffs: {}, with {added} lines added and {removed} removed", sizes().count())
    }
}

fn cells(proposal: &Proposal, size: Option<DiffSize>) -> [String; 6] {
    let number = |part: fn(DiffSize) -> i64| size.map_or_else(|| "-".to_owned(), |it| part(it).to_string());
    [
        proposal.source.chars().take(7).collect(),
        number(|it| it.files),
        number(|it| it.insertions),
        number(|it| it.deletions),
        proposal.heat.map_or_else(|| "-".to_owned(), |it| format!("{it:.0}")),
        proposal.subject.clone(),
    ]
}

/// `text` in one line of at most `width` columns; what does not fit ends in `…`.
fn fitting(text: &str, width: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.width() <= width {
        return text;
    }
    let mut kept = String::new();
    let mut room = width.saturating_sub(1);
    for c in text.chars() {
        let Some(left) = room.checked_sub(c.width().unwrap_or(0)) else { break };
        room = left;
        kept.push(c);
    }
    kept.push('…');
    kept
}
