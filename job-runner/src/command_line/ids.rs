//! Ids as people read and type them: as few digits as tell them apart.

use super::error::CommandError;
use job_core::{
    IdPrefix, Job, JobId,
    store::{Filter, JobStore, Order, Page, StoreError, Unreadable},
};
use std::num::NonZeroU32;

/// The fewest digits that are shown.
const FEWEST: usize = 12;
/// As many as it takes to be ambiguous.
const TWO: NonZeroU32 = NonZeroU32::new(2).unwrap();
/// The most jobs that an ambiguous prefix is explained with.
const CANDIDATES: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How many digits tell these ids apart; 12 at least.
pub(super) fn digits(ids: impl IntoIterator<Item = JobId>) -> usize {
    let mut ids: Vec<String> = ids.into_iter().map(|it| it.to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    let shared = |pair: &[String]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(a, b)| a == b).count();
    ids.windows(2).map(|pair| shared(pair) + 1).max().unwrap_or(0).max(FEWEST)
}

/// The one job whose id begins with `prefix`.
pub(super) async fn find(store: &dyn JobStore, prefix: &IdPrefix) -> Result<Job, CommandError> {
    let row = find_row(store, prefix).await?;
    row.map_err(|row| StoreError::Corrupt { id: row.id, source: row.source }.into())
}

/// The one row whose id begins with `prefix`, whether it can be read or not.
pub(super) async fn find_row(
    store: &dyn JobStore,
    prefix: &IdPrefix,
) -> Result<Result<Job, Unreadable>, CommandError> {
    let filter = Filter { id_range: Some(prefix.range()), ..Filter::default() };
    let mut found = store.list(&filter, &Page::first(Order::Newest, TWO)).await?.rows;
    match (found.pop(), found.is_empty()) {
        (Some(row), true) => Ok(row),
        (None, _) => Err(CommandError::NoJob(prefix.clone())),
        (Some(_), false) => Err(ambiguous(store, prefix).await?),
    }
}

async fn ambiguous(store: &dyn JobStore, prefix: &IdPrefix) -> Result<CommandError, CommandError> {
    let filter = Filter { id_range: Some(prefix.range()), ..Filter::default() };
    let listed = store.list(&filter, &Page::first(Order::Newest, CANDIDATES)).await?;
    let id = |row: &Result<Job, Unreadable>| match row {
        Ok(job) => job.id,
        Err(row) => row.id,
    };
    let digits = digits(listed.rows.iter().map(id));
    let mut lines: Vec<String> =
        listed.rows.iter().map(|row| line(id(row), digits, row.as_ref().ok())).collect();
    if listed.next.is_some() {
        lines.push("  and others".to_owned());
    }
    Ok(CommandError::Ambiguous { prefix: prefix.clone(), candidates: lines.join("\n") })
}

fn line(id: JobId, digits: usize, job: Option<&Job>) -> String {
    let (type_name, status) =
        job.map_or(("unreadable", ""), |it| (it.spec.type_name.as_str(), it.state.status().word()));
    format!("  {}  {type_name} {status}", id.prefix(digits)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shown_with_the_digits_that_tell_them_apart() {
        let id = |last| JobId::v7(0x0123_4567_89ab, [0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        let other = JobId::v7(0x0123_4567_89ac, [0; 10]);
        assert_eq!(digits([]), 12);
        assert_eq!(digits([id(0)]), 12);
        assert_eq!(digits([id(0), other]), 12);
        assert_eq!(digits([id(0x00), other, id(0x10)]), 31);
        assert_eq!(digits([id(0), id(1), id(1)]), 32);
    }
}
