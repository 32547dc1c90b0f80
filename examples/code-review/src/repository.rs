//! The repository: where it is, and which of its commits are proposed.

use crate::{Error, NewProposal};
use git2::{Commit, ErrorCode, Repository};
use job_core::Text;
use std::{fs, path::Path};

/// The repository that `path` stands in: a working tree, a folder of one, or a bare repository.
///
/// # Errors
///
/// [`Error`], with what to do.
pub fn discover(path: &Path) -> Result<Repository, Error> {
    Repository::discover(path).map_err(|error| not_opened(error, path))
}

/// The repository whose git folder is `folder`.
///
/// # Errors
///
/// [`Error`], with what to do.
pub fn open(folder: &str) -> Result<Repository, Error> {
    Repository::open(folder).map_err(|error| not_opened(error, Path::new(folder)))
}

/// The git folder, which all working trees of the repository share.
///
/// # Errors
///
/// [`Error::PathNotText`]
pub fn folder(repository: &Repository) -> Result<String, Error> {
    let shared = repository.commondir();
    let path = fs::canonicalize(shared).unwrap_or_else(|_| shared.to_owned());
    path.into_os_string().into_string().map_err(|path| Error::PathNotText { path: path.into() })
}

/// What stands where a branch's name is expected: `main`, or `a detached head`.
#[must_use]
pub fn head(repository: &Repository) -> String {
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match repository.find_reference("HEAD").ok().and_then(|head| head.symbolic_target_bytes().map(name)) {
        Some(branch) => branch.trim_start_matches("refs/heads/").to_owned(),
        None => "a detached head".to_owned(),
    }
}

/// A proposal for each of the newest `count` commits that HEAD leads to; none if it leads nowhere yet.
///
/// A commit is compared with its first parent, a root commit with the empty tree.
///
/// # Errors
///
/// [`Error`], if git cannot read the repository.
pub fn newest(repository: &Repository, count: usize) -> Result<Vec<NewProposal>, Error> {
    let folder = folder(repository)?;
    match repository.head() {
        Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
            return Ok(Vec::new());
        }
        head => drop(head?),
    }
    // In git's own order, newest first. Asking for a sort order would read the whole history first.
    let mut walk = repository.revwalk()?;
    walk.push_head()?;
    let mut proposals = Vec::new();
    for id in walk.take(count) {
        proposals.push(proposal(&folder, &repository.find_commit(id?)?));
    }
    Ok(proposals)
}

/// A proposal of the commit that `name` leads to: a hash, its beginning, a branch, or such as `HEAD~2`.
///
/// # Errors
///
/// [`Error::NoCommit`], and if git cannot read the repository.
pub fn named(repository: &Repository, name: &str) -> Result<NewProposal, Error> {
    // With these git would search its history or its log, which is more than anybody should make a server do.
    if name.contains([':', '{', '\0']) {
        return Err(Error::NoCommit { name: name.to_owned() });
    }
    let found = repository.revparse_single(name).and_then(|it| it.peel_to_commit());
    match found {
        Ok(commit) => Ok(proposal(&folder(repository)?, &commit)),
        Err(error) if is_of_name(&error) => Err(Error::NoCommit { name: name.to_owned() }),
        Err(error) => Err(Error::Git(error)),
    }
}

/// Whether what was asked for is no name of one commit.
fn is_of_name(error: &git2::Error) -> bool {
    use ErrorCode::{Ambiguous, InvalidSpec, NotFound, Peel};
    matches!(error.code(), NotFound | Ambiguous | InvalidSpec | Peel)
}

fn proposal(repository: &str, commit: &Commit<'_>) -> NewProposal {
    let clean = |bytes: &[u8]| Text::new(String::from_utf8_lossy(bytes)).to_string();
    let subject = clean(commit.summary_bytes().unwrap_or_default());
    NewProposal {
        repository: repository.to_owned(),
        source: commit.id().to_string(),
        target: first_parent(commit),
        subject: if subject.is_empty() { "(no subject)".to_owned() } else { subject },
        author: clean(commit.author().name_bytes()),
        committed: commit.time().seconds(),
    }
}

/// As the commit itself says: at the edge of a shallow clone libgit2 hides the parents that are not there, and
/// the commit would pass for a root.
fn first_parent(commit: &Commit<'_>) -> Option<String> {
    let header = String::from_utf8_lossy(commit.raw_header_bytes());
    header.lines().find_map(|line| line.strip_prefix("parent ")).map(str::to_owned)
}

fn not_opened(error: git2::Error, path: &Path) -> Error {
    let path = path.to_owned();
    match error.code() {
        ErrorCode::NotFound => Error::NoRepository { path },
        ErrorCode::Owner => Error::NotTrusted { path },
        _ => Error::Git(error),
    }
}
