//! `jobs list`.

use super::record::{Record, UnreadableRecord};
use crate::{
    command_line::{
        args::List,
        error::CommandError,
        ids,
        output::Output,
        table::{Column, lines},
        when::{from, to_the_second, when},
    },
    config::among,
};
use job_core::{
    Job, JobId, Timestamp, TypeName,
    store::{Cursor, Filter, JobStore, JobStoreExt, Opened, Order, Page, Unreadable},
};
use std::{
    io::{self, Write},
    num::NonZeroU32,
};

/// The most jobs read at once.
const PAGE: NonZeroU32 = NonZeroU32::new(500).unwrap();

const COLUMNS: [Column; 6] = [
    Column { title: "ID", may_shrink: false },
    Column { title: "TYPE", may_shrink: true },
    Column { title: "STATUS", may_shrink: false },
    Column { title: "TRIES", may_shrink: false },
    Column { title: "WHEN", may_shrink: false },
    Column { title: "TARGET", may_shrink: true },
];

/// `known` are the job types of this program; the store may have jobs of others.
pub(super) async fn run(
    opened: &Opened,
    known: &[TypeName],
    args: List,
    output: &mut Output,
) -> Result<(), CommandError> {
    let strange = args.types.iter().find(|it| !known.contains(it)).cloned();
    let (limit, json) = (args.limit, args.json);
    let narrowed = !(args.types.is_empty() && args.statuses.is_empty() && args.queues.is_empty())
        || args.target.is_some()
        || args.tag.is_some();
    let mut pages = Pages {
        store: &*opened.store,
        order: if args.oldest { Order::Oldest } else { Order::Newest },
        filter: filter(args),
        left: limit.get(),
        after: None,
        more: true,
    };
    if json {
        while let Some(rows) = pages.next().await? {
            for row in &rows {
                match row {
                    Ok(job) => output.json(&Record::of(job))?,
                    Err(row) => output.json(&UnreadableRecord::of(row))?,
                }
            }
        }
        return Ok(());
    }
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await? {
        rows.extend(page);
    }
    if rows.is_empty() {
        output.line(if narrowed { "No jobs fit." } else { "No jobs." })?;
        if let Some(strange) = strange {
            let advice = among("job types", strange.as_str(), known.iter().map(TypeName::as_str));
            let _ = writeln!(io::stderr(), "This program has no job type `{strange}`; {advice}.");
        }
        return Ok(());
    }
    // People at a terminal think from now; a file is read later.
    let now = if output.width().is_some() { Some(opened.store.time(opened.clock).await?) } else { None };
    let digits = ids::digits(rows.iter().map(id));
    let cells: Vec<_> = rows.iter().map(|row| cells(row, digits, now)).collect();
    for line in lines(COLUMNS, &cells, output.width()) {
        output.line(&line)?;
    }
    if pages.more {
        // Not among the rows, which may go into a file.
        let _ = writeln!(io::stderr(), "More jobs fit than these {limit}; --limit says how many are listed.");
    }
    Ok(())
}

fn filter(args: List) -> Filter {
    fn given<T>(list: Vec<T>) -> Option<Vec<T>> {
        if list.is_empty() { None } else { Some(list) }
    }
    Filter {
        types: given(args.types),
        statuses: given(args.statuses),
        queues: given(args.queues),
        target: args.target,
        tag: args.tag,
        ..Filter::default()
    }
}

fn id(row: &Result<Job, Unreadable>) -> JobId {
    match row {
        Ok(job) => job.id,
        Err(row) => row.id,
    }
}

fn cells(row: &Result<Job, Unreadable>, digits: usize, now: Option<Timestamp>) -> [String; 6] {
    let id = id(row).prefix(digits);
    let (type_name, state) = match row {
        Ok(job) => (job.spec.type_name.as_str(), &job.state),
        Err(Unreadable { state: Some(known), .. }) => (known.0.as_str(), &known.1),
        Err(_) => return [id, "?".into(), "unreadable".into(), String::new(), String::new(), String::new()],
    };
    let at = when(state);
    let at = now.map_or_else(|| to_the_second(at), |now| from(now, at));
    let (status, tries, target) = match row {
        Ok(job) => {
            let most = u64::from(job.spec.max_retries) + 1;
            let target = job.spec.target.as_ref().map_or(String::new(), ToString::to_string);
            (state.status().word(), format!("{}/{most}", state.attempt_count()), target)
        }
        Err(_) => ("unreadable", state.attempt_count().to_string(), String::new()),
    };
    [id, type_name.to_owned(), status.to_owned(), tries, at, target]
}

/// The jobs that are asked for, a page at a time.
struct Pages<'a> {
    store: &'a dyn JobStore,
    filter: Filter,
    order: Order,
    left: u32,
    after: Option<Cursor>,
    /// Whether further jobs fit than those read so far.
    more: bool,
}

impl Pages<'_> {
    async fn next(&mut self) -> Result<Option<Vec<Result<Job, Unreadable>>>, CommandError> {
        let Some(limit) = NonZeroU32::new(self.left).filter(|_| self.more) else { return Ok(None) };
        let limit = limit.min(PAGE);
        let page = Page { order: self.order, limit, after: self.after.take() };
        let listed = self.store.list(&self.filter, &page).await?;
        self.left -= limit.get();
        self.more = listed.next.is_some();
        self.after = listed.next;
        Ok(Some(listed.rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_core::Clock;
    use job_store_mem::MemStore;
    use job_testing::factory;

    #[tokio::test]
    async fn a_row_that_cannot_be_read_stands_among_the_others() {
        let store = MemStore::new();
        let new = factory::job(store.mint());
        store.insert(&[new], Clock::At(factory::noon())).await.unwrap();
        let job = store.find(&Filter::default(), NonZeroU32::MIN).await.unwrap().remove(0);
        let unreadable = |state| Unreadable { id: job.id, state, source: "its tags are no JSON".into() };
        let id = job.id.prefix(12);
        let known = Some(Box::new((job.spec.type_name.clone(), job.state.clone())));
        assert_eq!(
            cells(&Err(unreadable(known)), 12, None),
            [&id, "test", "unreadable", "0", "2026-11-24T12:00:00Z", ""]
        );
        assert_eq!(cells(&Err(unreadable(None)), 12, None), [&id, "?", "unreadable", "", "", ""]);
        assert_eq!(
            serde_json::to_value(UnreadableRecord::of(&unreadable(None))).unwrap(),
            serde_json::json!({ "id": job.id.to_string(), "type": null, "unreadable": "its tags are no JSON" })
        );
    }
}
