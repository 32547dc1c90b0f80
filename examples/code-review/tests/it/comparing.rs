//! Diffs of real repositories.

use crate::sandbox::Sandbox;
use code_review::{Diff, Error, PATCH_MAX};
use std::{cell::Cell, fmt::Write};

fn size(diff: &Diff) -> (i64, i64, i64) {
    (diff.files, diff.insertions, diff.deletions)
}

#[test]
fn a_root_commit_is_compared_with_the_empty_tree() {
    let sandbox = Sandbox::new();
    let root = sandbox.commit("Begin", &[("a", b"1\n2\n"), ("folder/b", b"3\n")]);
    let diff = sandbox.diff(root).unwrap();
    assert_eq!(size(&diff), (2, 3, 0));
    assert!(diff.patch.contains("\n+++ b/folder/b\n@@ -0,0 +1 @@\n+3\n"), "{}", diff.patch);
    assert!(!diff.cut);
}

#[test]
fn a_change_counts_lines_added_and_removed() {
    let sandbox = Sandbox::new();
    sandbox.commit("Begin", &[("a", b"1\n2\n3\n")]);
    let change = sandbox.commit("Change", &[("a", b"1\nzwei\n3\n4\n")]);
    let diff = sandbox.diff(change).unwrap();
    assert_eq!(size(&diff), (1, 2, 1));
    assert!(diff.patch.ends_with("@@ -1,3 +1,4 @@\n 1\n-2\n+zwei\n 3\n+4\n"), "{}", diff.patch);
}

#[test]
fn a_merge_is_compared_with_its_first_parent() {
    let sandbox = Sandbox::new();
    let root = sandbox.commit("Begin", &[("a", b"1\n")]);
    let side = sandbox.commit_on(None, "Side", &[root], &[(b"side", Some(b"s\n"))]);
    let main = sandbox.commit("Main", &[("main", b"m\n")]);
    let merge = sandbox.commit_on(Some("HEAD"), "Merge", &[main, side], &[(b"side", Some(b"s\n"))]);
    let diff = sandbox.diff(merge).unwrap();
    assert_eq!(size(&diff), (1, 1, 0));
    assert!(diff.patch.contains("b/side"), "{}", diff.patch);
}

#[test]
fn a_renamed_file_counts_once_and_without_lines() {
    let sandbox = Sandbox::new();
    let text = b"one\ntwo\nthree\nfour\nfive\n".as_slice();
    let root = sandbox.commit("Begin", &[("old", text)]);
    let moved = sandbox.commit_on(Some("HEAD"), "Move", &[root], &[(b"old", None), (b"new", Some(text))]);
    let diff = sandbox.diff(moved).unwrap();
    assert_eq!(size(&diff), (1, 0, 0));
    assert!(diff.patch.contains("rename from old\nrename to new\n"), "{}", diff.patch);
}

#[test]
fn a_binary_file_counts_as_a_file_without_lines() {
    let sandbox = Sandbox::new();
    let root = sandbox.commit("Begin", &[("image", b"\x89PNG\0\0\0\n\n\n")]);
    let diff = sandbox.diff(root).unwrap();
    assert_eq!(size(&diff), (1, 0, 0));
    assert!(diff.patch.contains("Binary files /dev/null and b/image differ"), "{}", diff.patch);
}

#[test]
fn an_empty_commit_has_an_empty_diff() {
    let sandbox = Sandbox::new();
    sandbox.commit("Begin", &[("a", b"1\n")]);
    let empty = sandbox.commit("Nothing", &[]);
    assert_eq!(sandbox.diff(empty).unwrap(), Diff::default());
}

#[test]
fn a_long_patch_is_counted_whole_and_kept_in_part() {
    let sandbox = Sandbox::new();
    let mut long = String::new();
    for number in 0..50_000 {
        writeln!(long, "line {number}").unwrap();
    }
    let root = sandbox.commit("Begin", &[("long", long.as_bytes()), ("z", b"last\n")]);
    let diff = sandbox.diff(root).unwrap();
    assert_eq!(size(&diff), (2, 50_001, 0));
    assert!(diff.cut);
    assert!(diff.patch.len() <= PATCH_MAX && diff.patch.len() > PATCH_MAX - 20, "{}", diff.patch.len());
    assert!(diff.patch.ends_with('\n'), "only whole lines are kept");
}

#[test]
fn one_line_longer_than_all_that_is_kept_is_left_out() {
    let sandbox = Sandbox::new();
    let root = sandbox.commit("Begin", &[("a", "x".repeat(PATCH_MAX + 1).as_bytes())]);
    let diff = sandbox.diff(root).unwrap();
    assert_eq!(size(&diff), (1, 1, 0));
    assert!(diff.cut && diff.patch.len() < 200, "{}", diff.patch.len());
}

#[test]
fn what_is_not_utf_8_is_shown_as_far_as_it_can_be() {
    let sandbox = Sandbox::new();
    let root = sandbox.commit_on(Some("HEAD"), "Begin", &[], &[(b"caf\xe9", Some(b"na\xefve\n"))]);
    let diff = sandbox.diff(root).unwrap();
    assert_eq!(size(&diff), (1, 1, 0));
    assert!(diff.patch.ends_with("+na\u{fffd}ve\n"), "{}", diff.patch);
}

#[test]
fn a_comparison_ends_when_nobody_wants_it() {
    let sandbox = Sandbox::with_commits(2);
    let newest = &sandbox.newest(1)[0];
    let asked = Cell::new(0);
    let stopped = || {
        asked.set(asked.get() + 1);
        asked.get() > 1
    };
    let ended = Diff::between(&sandbox.repository, newest.target.as_deref(), &newest.source, stopped);
    assert!(matches!(ended, Err(Error::Stopped)), "{ended:?}");
    assert_eq!(asked.get(), 2);
}
