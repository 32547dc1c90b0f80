//! The difference between two commits: its size, and the beginning of its text.

use crate::{Error, schema::proposal_diff};
use diesel::{Insertable, Queryable, Selectable};
use git2::{DiffFindOptions, DiffFormat, DiffLine, DiffOptions, ErrorCode, Oid, Repository, Tree};
use serde::Serialize;

/// How much of a patch is kept, in bytes.
pub const PATCH_MAX: usize = 64 * 1024;

/// A file beyond this many bytes counts as binary: its lines are not compared.
const FILE_MAX: i64 = 16 * 1024 * 1024;

/// At how many removed files a rename is looked for, for each added one.
const RENAMES_MAX: usize = 200;

/// The difference between two commits.
#[derive(Clone, Debug, Default, Eq, Insertable, PartialEq, Queryable, Selectable, Serialize)]
#[diesel(table_name = proposal_diff)]
pub struct Diff {
    /// How many files differ; a renamed one counts once.
    pub files: i64,
    /// Lines added. Binary files have none.
    pub insertions: i64,
    /// Lines removed.
    pub deletions: i64,
    /// The patch as git prints it, in whole lines, at most [`PATCH_MAX`] bytes of it. What is not UTF-8 is `U+FFFD`.
    pub patch: String,
    /// Whether the patch is longer.
    pub cut: bool,
}

impl Diff {
    /// What `source` changed, compared with `target`, or with the empty tree if there is none. Asks
    /// `stopped` line by line whether somebody still wants to know. Blocks.
    ///
    /// # Errors
    ///
    /// [`Error::MissingObject`] in a shallow or partial clone, [`Error::Stopped`], and what git says.
    pub fn between(
        repository: &Repository,
        target: Option<&str>,
        source: &str,
        stopped: impl Fn() -> bool,
    ) -> Result<Self, Error> {
        let mut diff = Self::default();
        let compared = diff.compare(repository, target, source, &stopped);
        compared.map(|()| diff).map_err(|error| match error.code() {
            ErrorCode::User => Error::Stopped,
            ErrorCode::NotFound => Error::MissingObject { commit: source.to_owned(), source: error },
            _ => Error::Git(error),
        })
    }

    fn compare(
        &mut self,
        repository: &Repository,
        target: Option<&str>,
        source: &str,
        stopped: &dyn Fn() -> bool,
    ) -> Result<(), git2::Error> {
        let old = target.map(|commit| tree(repository, commit)).transpose()?;
        let new = tree(repository, source)?;
        let mut options = DiffOptions::new();
        options.max_size(FILE_MAX);
        let mut found = repository.diff_tree_to_tree(old.as_ref(), Some(&new), Some(&mut options))?;
        found.find_similar(Some(DiffFindOptions::new().renames(true).rename_limit(RENAMES_MAX)))?;
        self.files = i64::try_from(found.deltas().len()).unwrap_or(i64::MAX);
        found.print(DiffFormat::Patch, |_, _, line| {
            self.add(&line);
            !stopped()
        })
    }

    fn add(&mut self, line: &DiffLine<'_>) {
        let sign = line.origin();
        match sign {
            '+' => self.insertions += 1,
            '-' => self.deletions += 1,
            _ => {}
        }
        let text = String::from_utf8_lossy(line.content()).replace('\0', "\u{fffd}");
        let signed = matches!(sign, '+' | '-' | ' ');
        self.cut |= self.patch.len() + usize::from(signed) + text.len() > PATCH_MAX;
        if !self.cut {
            self.patch.extend(signed.then_some(sign));
            self.patch.push_str(&text);
        }
    }
}

fn tree<'a>(repository: &'a Repository, commit: &str) -> Result<Tree<'a>, git2::Error> {
    repository.find_commit(Oid::from_str(commit)?)?.tree()
}
