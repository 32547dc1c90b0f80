//! A folder of its own with a git repository in it, made by git2 and with dates that are always the same.

use crate::database::TestDatabase;
use code_review::{Database, Diff, Error, NewProposal, repository};
use git2::{ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time, build::TreeUpdateBuilder};
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The date of the first commit.
const FIRST: i64 = 1_700_000_000;

/// A repository in a temporary folder.
pub(crate) struct Sandbox {
    folder: TempDir,
    pub(crate) repository: Repository,
    /// Runs what the test does with the store.
    pub(crate) runtime: Runtime,
    /// Where proposals and jobs are, once somebody has looked.
    pub(crate) database: OnceLock<Database>,
    /// On a server; in the folder, if none.
    pub(crate) server: Option<TestDatabase>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let options = &mut RepositoryInitOptions::new();
        let repository =
            Repository::init_opts(folder.path().join("project"), options.initial_head("main")).unwrap();
        let runtime = Runtime::new().unwrap();
        Self { folder, repository, runtime, database: OnceLock::new(), server: None }
    }

    /// With proposals and jobs in this database.
    pub(crate) fn kept_in(self, server: Option<TestDatabase>) -> Self {
        Self { server, ..self }
    }

    /// With `count` commits, each of which adds a line to one file.
    pub(crate) fn with_commits(count: usize) -> Self {
        let sandbox = Self::new();
        let mut text = String::new();
        for number in 1..=count {
            text.push_str(&format!("line {number}\n"));
            sandbox.commit(&format!("Write line {number}"), &[("file", text.as_bytes())]);
        }
        sandbox
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder().join("project")
    }

    /// Commits these files on top of HEAD.
    pub(crate) fn commit(&self, message: &str, files: &[(&str, &[u8])]) -> Oid {
        let parent = self.repository.head().ok().and_then(|it| it.target());
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_bytes(), Some(*text))).collect();
        self.commit_on(Some("HEAD"), message, &parent.into_iter().collect::<Vec<_>>(), &files)
    }

    /// Commits the tree of the first parent with these files put in or, where `None`, taken out.
    pub(crate) fn commit_on(
        &self,
        branch: Option<&str>,
        message: &str,
        parents: &[Oid],
        files: &[(&[u8], Option<&[u8]>)],
    ) -> Oid {
        let repository = &self.repository;
        let parents: Vec<_> = parents.iter().map(|it| repository.find_commit(*it).unwrap()).collect();
        let empty = || repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let base = parents.first().map_or_else(empty, |it| it.tree().unwrap());
        let mut update = TreeUpdateBuilder::new();
        for (name, text) in files {
            match text {
                Some(text) => {
                    let blob = repository.blob(text).unwrap();
                    update.upsert(name.to_vec(), blob, git2::FileMode::Blob);
                }
                None => drop(update.remove(name.to_vec())),
            }
        }
        let tree = repository.find_tree(update.create_updated(repository, &base).unwrap()).unwrap();
        let date = FIRST + parents.iter().map(|it| it.time().seconds() - FIRST + 60).max().unwrap_or(0);
        let author = Signature::new("Zoë", "zoe@example.org", &Time::new(date, 60)).unwrap();
        let parents: Vec<_> = parents.iter().collect();
        repository.commit(branch, &author, &author, message, &tree, &parents).unwrap()
    }

    /// Writes a commit byte by byte, for what no library would write.
    pub(crate) fn commit_raw(&self, tree: Oid, author: &[u8], message: &[u8]) -> Oid {
        let mut text = format!("tree {tree}\n").into_bytes();
        for role in [b"author ".as_slice(), b"committer "] {
            text.extend([role, author, b" <zoe@example.org> 1700000000 +0000\n"].concat());
        }
        text.extend([b"\n", message].concat());
        let commit = self.repository.odb().unwrap().write(ObjectType::Commit, &text).unwrap();
        self.repository.reference("refs/heads/main", commit, true, "raw").unwrap();
        commit
    }

    pub(crate) fn newest(&self, count: usize) -> Vec<NewProposal> {
        repository::newest(&self.repository, count).unwrap()
    }

    /// The difference that a proposal of this commit shows.
    pub(crate) fn diff(&self, commit: Oid) -> Result<Diff, Error> {
        let all = self.newest(usize::MAX);
        let proposal = all.iter().find(|it| it.source == commit.to_string()).unwrap();
        Diff::between(&self.repository, proposal.target.as_deref(), &proposal.source, || false)
    }
}
