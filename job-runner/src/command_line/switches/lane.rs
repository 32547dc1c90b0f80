//! What jobs wait in line by, and can be paused by: their queue or their type.

use crate::{
    command_line::{args::Name, error::CommandError, known::Known},
    config::Config,
};
use job_core::{
    JobId, JobStatus, QueueName, Timestamp, TypeName,
    store::{Cursor, Filter, Opened, Order, Page, Switch, Unreadable},
};
use std::{collections::BTreeSet, num::NonZeroU32};

/// The most queues that are looked for in the store.
const QUEUES: usize = 1_000;

/// A kind of line.
pub(in crate::command_line) trait Lane: Name + Ord {
    /// The title of their names.
    const TITLE: &'static str;

    /// The switch that pauses it.
    fn switch(self) -> Switch;

    /// Those that the program and its configuration name.
    fn known(known: &Known, config: Option<&Config>) -> Vec<Self>;

    /// Others that jobs wait in.
    async fn stored(opened: &Opened) -> Result<Vec<Self>, CommandError>;
}

impl Lane for QueueName {
    const TITLE: &'static str = "QUEUE";

    fn switch(self) -> Switch {
        Switch::PauseQueue(self)
    }

    fn known(known: &Known, config: Option<&Config>) -> Vec<Self> {
        known.queues_with(config)
    }

    /// In the order of claims, queue follows queue: one job of each is read, and then the place behind its last one.
    async fn stored(opened: &Opened) -> Result<Vec<Self>, CommandError> {
        let filter = Filter { statuses: Some(vec![JobStatus::Waiting]), ..Filter::default() };
        let mut queues = BTreeSet::new();
        let mut page = Page::first(Order::Claim, NonZeroU32::MIN);
        while queues.len() < QUEUES {
            let listed = opened.store.list(&filter, &page).await?;
            let queue = listed.rows.into_iter().find_map(|row| match row {
                Ok(job) => Some(job.state.queue().clone()),
                Err(Unreadable { state, .. }) => state.map(|it| it.1.queue().clone()),
            });
            // Whoever names the last place of a queue a second time gets no further.
            let Some(queue) = queue.filter(|it| queues.insert(it.clone())) else { break };
            let last = (i32::MAX, Timestamp::MAX, JobId::v7(u64::MAX, [u8::MAX; 10]));
            page.after = Some(Cursor::Place { queue, place: last });
        }
        Ok(queues.into_iter().collect())
    }
}

impl Lane for TypeName {
    const TITLE: &'static str = "TYPE";

    fn switch(self) -> Switch {
        Switch::PauseType(self)
    }

    fn known(known: &Known, _: Option<&Config>) -> Vec<Self> {
        known.types.clone()
    }

    /// A store does not tell which types its jobs are of.
    async fn stored(_: &Opened) -> Result<Vec<Self>, CommandError> {
        Ok(Vec::new())
    }
}
