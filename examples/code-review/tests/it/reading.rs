//! Which commits are proposed, from repositories of every kind.

use crate::sandbox::Sandbox;
use code_review::{Error, repository};
use git2::{Repository, build::RepoBuilder};
use std::process::Command;

#[test]
fn the_newest_commits_are_proposed_first() {
    let sandbox = Sandbox::with_commits(5);
    let subjects: Vec<_> = sandbox.newest(3).into_iter().map(|it| it.subject).collect();
    assert_eq!(subjects, ["Write line 5", "Write line 4", "Write line 3"]);
    let all = sandbox.newest(99);
    assert_eq!(all.len(), 5);
    assert_eq!(all[0].target.as_ref(), Some(&all[1].source));
    assert_eq!((all[4].target.as_ref(), all[4].committed, &*all[4].author), (None, 1_700_000_000, "Zoë"));
}

#[test]
fn several_hundred_commits_are_read() {
    let all = Sandbox::with_commits(600).newest(500);
    assert_eq!(all.len(), 500);
    assert_eq!(all[499].subject, "Write line 101");
}

#[test]
fn a_repository_without_commits_has_no_proposals() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.newest(25), []);
    assert_eq!(repository::head(&sandbox.repository), "main");
}

#[test]
fn a_folder_in_the_working_tree_leads_to_its_repository() {
    let sandbox = Sandbox::with_commits(1);
    let inside = sandbox.project().join("src/deep");
    std::fs::create_dir_all(&inside).unwrap();
    let found = repository::discover(&inside).unwrap();
    assert_eq!(repository::folder(&found).unwrap(), repository::folder(&sandbox.repository).unwrap());
}

#[test]
fn where_no_repository_is_the_error_says_where_it_looked() {
    let sandbox = Sandbox::new();
    for path in [sandbox.folder().to_owned(), sandbox.folder().join("missing")] {
        let error = repository::discover(&path).err().unwrap();
        assert!(matches!(error, Error::NoRepository { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_bare_repository_will_do() {
    let sandbox = Sandbox::with_commits(3);
    let bare = sandbox.folder().join("bare.git");
    RepoBuilder::new().bare(true).clone(sandbox.project().to_str().unwrap(), &bare).unwrap();
    let bare = repository::discover(&bare).unwrap();
    assert_eq!(repository::newest(&bare, 25).unwrap().len(), 3);
}

#[test]
fn a_detached_head_will_do() {
    let sandbox = Sandbox::with_commits(3);
    let older = sandbox.newest(2)[1].source.parse().unwrap();
    sandbox.repository.set_head_detached(older).unwrap();
    assert_eq!(sandbox.newest(25).len(), 2);
    assert_eq!(repository::head(&sandbox.repository), "a detached head");
}

#[test]
fn working_trees_of_one_repository_share_its_proposals() {
    let sandbox = Sandbox::with_commits(3);
    let other = sandbox.folder().join("other");
    sandbox.repository.worktree("other", &other, None).unwrap();
    let other = repository::discover(&other).unwrap();
    assert_eq!(repository::newest(&other, 25).unwrap(), sandbox.newest(25));
}

#[test]
fn the_edge_of_a_shallow_clone_is_no_root() {
    let sandbox = Sandbox::with_commits(4);
    let shallow = sandbox.shallow(2);
    let found = repository::newest(&shallow, 25).unwrap();
    assert_eq!(found.len(), 2);
    let compared = |index: usize| {
        let it = &found[index];
        code_review::Diff::between(&shallow, it.target.as_deref(), &it.source, || false)
    };
    assert_eq!(compared(0).unwrap().insertions, 1);
    let error = compared(1).unwrap_err();
    assert!(matches!(error, Error::MissingObject { .. }), "{error:?}");
    assert!(error.to_string().contains("git fetch --unshallow"), "{error}");
}

#[test]
fn what_is_not_utf_8_is_read_as_far_as_it_can_be() {
    let sandbox = Sandbox::with_commits(1);
    let tree = sandbox.repository.head().unwrap().peel_to_tree().unwrap().id();
    sandbox.commit_raw(tree, b"Zo\xeb", b"na\xefve \x1b[31mred\n\nbody\n");
    let found = &sandbox.newest(1)[0];
    assert_eq!(found.author, "Zo\u{fffd}");
    assert_eq!(found.subject, "na\u{fffd}ve \u{fffd}[31mred");
    sandbox.commit_raw(tree, b"", b"");
    assert_eq!(sandbox.newest(1)[0].subject, "(no subject)");
}

impl Sandbox {
    /// A clone with the newest `depth` commits only, made by git itself.
    pub(crate) fn shallow(&self, depth: usize) -> Repository {
        let clone = self.folder().join("shallow");
        let origin = format!("file://{}", self.project().display());
        let cloned = Command::new("git")
            .args(["clone", "--quiet", "--depth", &depth.to_string(), &origin])
            .arg(&clone)
            .status()
            .unwrap();
        assert!(cloned.success());
        repository::discover(&clone).unwrap()
    }
}
