//! The heat of a proposal, as a function.

use code_review::{DiffSize, HALF_LIFE, heat};
use std::time::Duration;

fn lines(insertions: i64, deletions: i64) -> DiffSize {
    DiffSize { files: 1, insertions, deletions }
}

#[test]
fn a_half_life_halves_the_heat() {
    let size = lines(100, 20);
    let (young, old) = (heat(size, HALF_LIFE), heat(size, 2 * HALF_LIFE));
    assert!((young - 2.0 * old).abs() < 1e-9, "{young} {old}");
}

#[test]
fn more_lines_and_more_files_are_hotter() {
    let now = Duration::ZERO;
    assert!(heat(lines(11, 0), now) > heat(lines(10, 0), now));
    assert!(heat(lines(0, 11), now) > heat(lines(0, 10), now));
    assert!(heat(DiffSize { files: 2, ..lines(10, 0) }, now) > heat(lines(10, 0), now));
}

#[test]
fn a_size_that_cannot_be_is_still_a_number() {
    let impossible = DiffSize { files: -1, insertions: i64::MAX, deletions: i64::MAX };
    assert!(heat(impossible, Duration::MAX) >= 0.0);
    assert_eq!(heat(DiffSize { files: 0, insertions: 0, deletions: 0 }, Duration::ZERO), 0.0);
}
