//! `queues list` and `types list`.

use super::{
    lane::Lane,
    switched::{History, jobs, name, noun, states},
};
use crate::command_line::{
    args::Listing,
    counts::{CAP, counted},
    dated::Dated,
    error::CommandError,
    output::Output,
    table::{Column, lines},
    when::{from, to_the_second},
};
use job_core::{
    ActionNote, JobStatus, Text, Timestamp,
    store::{Counted, Filter, JobStoreExt, Opened, Switch},
};
use serde::Serialize;
use std::collections::BTreeSet;

/// `lanes` are those that the program knows; the store may have others.
pub(super) async fn run<N: Lane>(
    opened: &Opened,
    lanes: Vec<N>,
    listing: &Listing,
    output: &mut Output,
) -> Result<(), CommandError> {
    let on = opened.switches.switches().await?;
    let stored = N::stored(opened).await?;
    let switches: BTreeSet<Switch> = lanes.into_iter().chain(stored).map(N::switch).collect();
    let kind = switches.first().map(noun);
    let paused = on.iter().filter(|it| kind.is_none_or(|kind| noun(it) == kind)).cloned();
    let switches: BTreeSet<Switch> = paused.chain(switches.clone()).collect();
    let history = History::of_lanes(opened).await?;
    let mut rows = Vec::new();
    for switch in &switches {
        rows.push(Row::read(opened, switch, on.contains(switch), &history).await?);
    }
    if listing.json {
        return rows.iter().try_for_each(|it| output.json(&it.record()));
    }
    let now = if output.width().is_some() { Some(opened.store.time(opened.clock).await?) } else { None };
    let column = |title, may_shrink| Column { title, may_shrink };
    let columns = [
        column(N::TITLE, true),
        column("STATE", false),
        column("READY", false),
        column("WAITING", false),
        column("RUNNING", false),
    ];
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    for line in lines(columns, &cells, output.width()) {
        output.line(&line)?;
    }
    for row in rows.iter().filter(|it| it.paused) {
        if let Some(by) = row.by {
            output.line(&why(row.switch, by, now))?;
        }
    }
    Ok(())
}

/// Who switched it off, when, and why.
pub(super) fn why(switch: &Switch, by: &Dated<ActionNote>, now: Option<Timestamp>) -> String {
    let at = now.map_or_else(|| to_the_second(by.at), |now| from(now, by.at));
    let reason = by.body.reason.as_ref().map_or(String::new(), |it| format!(": {it}"));
    let [off, _] = states(switch);
    format!("{} {} was {off} by {}, {at}{reason}", noun(switch), name(switch), by.body.who)
}

struct Row<'a> {
    switch: &'a Switch,
    paused: bool,
    by: Option<&'a Dated<ActionNote>>,
    ready: Counted,
    waiting: Counted,
    running: Counted,
}

/// A line as a JSON object. Its members stay as they are; new ones may be added.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(rename = "queue", skip_serializing_if = "Option::is_none")]
    queue: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    type_name: Option<&'a str>,
    paused: bool,
    paused_at: Option<Timestamp>,
    paused_by: Option<&'a Text>,
    reason: Option<&'a Text>,
    ready: u64,
    waiting: u64,
    running: u64,
    /// Whether a count ended at the most that is counted.
    at_least: bool,
}

impl<'a> Row<'a> {
    async fn read(
        opened: &Opened,
        switch: &'a Switch,
        paused: bool,
        history: &'a History,
    ) -> Result<Self, CommandError> {
        let all = jobs(switch).unwrap_or_default();
        let now = opened.store.time(opened.clock).await?;
        let count = async |filter| opened.store.count(&filter, CAP).await;
        let of = |status| Filter { statuses: Some(vec![status]), ..all.clone() };
        Ok(Self {
            switch,
            paused,
            by: history.switched_off(switch).filter(|_| paused),
            ready: count(Filter { ready_at: Some(now), ..all.clone() }).await?,
            waiting: count(of(JobStatus::Waiting)).await?,
            running: count(of(JobStatus::Running)).await?,
        })
    }

    fn cells(&self) -> [String; 5] {
        let state = if self.paused { "paused" } else { "open" };
        let [ready, waiting, running] = [self.ready, self.waiting, self.running].map(counted);
        [name(self.switch).to_owned(), state.to_owned(), ready, waiting, running]
    }

    fn record(&self) -> Record<'_> {
        let name = name(self.switch);
        let is_queue = matches!(self.switch, Switch::PauseQueue(_));
        let by = self.by.map(|it| &it.body);
        Record {
            queue: is_queue.then_some(name),
            type_name: (!is_queue).then_some(name),
            paused: self.paused,
            paused_at: self.by.map(|it| it.at),
            paused_by: by.map(|it| &it.who),
            reason: by.and_then(|it| it.reason.as_ref()),
            ready: self.ready.jobs,
            waiting: self.waiting.jobs,
            running: self.running.jobs,
            at_least: [self.ready, self.waiting, self.running].iter().any(|it| it.at_least),
        }
    }
}
