//! The attempts under way: what the pump, the watch and the heart of a runner know in common.

use crate::{
    attempt::running::{GivenUp, Running, Told},
    clock::Instant,
};
use job_core::{JobId, Note, QueueName, Revision};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// All attempts from their claim until their end is settled, and the zombies.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    table: Mutex<Table>,
    /// Lines that could not be stored.
    unsaved: Mutex<Vec<Note>>,
    /// Rung when an attempt comes whose time is up before that of all others.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Table {
    held: HashMap<JobId, Holding>,
    zombies: Vec<Arc<Running>>,
    /// No attempt's time is up before.
    earliest: Option<Instant>,
}

#[derive(Debug)]
struct Holding {
    running: Arc<Running>,
    /// The instant at which its lease is in doubt; none once its token has fired for that.
    fence: Option<Instant>,
}

/// An attempt whose time is up, and what it was doing.
pub(crate) type Overdue = (Arc<Running>, GivenUp);

impl Attempts {
    /// Takes in what was claimed, with the instant at which the leases are in doubt.
    pub(crate) fn add(&self, claimed: &[Arc<Running>], fence: Instant) {
        let mut table = self.table.lock();
        let mut earlier = false;
        for running in claimed {
            let deadline = running.deadline();
            if table.earliest.is_none_or(|it| deadline < it) {
                table.earliest = Some(deadline);
                earlier = true;
            }
            table.held.insert(running.job.id, Holding { running: running.clone(), fence: Some(fence) });
        }
        drop(table);
        if earlier {
            self.earlier.notify_one();
        }
    }

    /// Lets go of an attempt: its end is settled, or no longer ours to settle.
    pub(crate) fn remove(&self, id: JobId) {
        self.table.lock().held.remove(&id);
    }

    /// How many are not settled yet.
    pub(crate) fn len(&self) -> usize {
        self.table.lock().held.len()
    }

    /// How many of those that are not settled yet were claimed from `queue`.
    pub(crate) fn of_queue(&self, queue: &QueueName) -> usize {
        self.table.lock().held.values().filter(|it| it.running.job.state.queue() == queue).count()
    }

    /// Whether the job is under way here.
    pub(crate) fn contains(&self, id: JobId) -> bool {
        self.table.lock().held.contains_key(&id)
    }

    /// All that are not settled yet.
    pub(crate) fn all(&self) -> Vec<Arc<Running>> {
        self.table.lock().held.values().map(|it| it.running.clone()).collect()
    }

    /// The lease of an attempt was renewed.
    pub(crate) fn renewed(&self, id: JobId, revision: Revision, fence: Instant) {
        if let Some(holding) = self.table.lock().held.get_mut(&id)
            && holding.running.job.state.revision() == revision
            && holding.fence.is_some()
        {
            holding.fence = Some(fence);
        }
    }

    /// Fires the tokens of the attempts whose leases are in doubt at `now`, and gives those attempts.
    pub(crate) fn fence(&self, now: Instant) -> Vec<Arc<Running>> {
        let mut table = self.table.lock();
        let doubtful = table.held.values_mut().filter(|it| it.fence.is_some_and(|fence| fence <= now));
        let doubtful = doubtful.map(|it| {
            it.fence = None;
            it.running.tell(Told::InDoubt);
            it.running.clone()
        });
        doubtful.collect()
    }

    /// When the next lease is in doubt.
    pub(crate) fn next_fence(&self) -> Option<Instant> {
        self.table.lock().held.values().filter_map(|it| it.fence).min()
    }

    /// The attempt lost its job: its token fires, and its lease is nobody's worry any more.
    pub(crate) fn lost(&self, id: JobId, revision: Revision) -> Option<Arc<Running>> {
        let mut table = self.table.lock();
        let holding = table.held.get_mut(&id).filter(|it| it.running.job.state.revision() == revision)?;
        holding.fence = None;
        let news = holding.running.told().is_none();
        holding.running.tell(Told::Lost);
        news.then(|| holding.running.clone())
    }

    /// Tells the handlers whose time is up at `now`, and gives up those that have not ended a while after that.
    pub(crate) fn overdue(&self, now: Instant) -> Vec<Overdue> {
        let mut table = self.table.lock();
        let mut overdue = Vec::new();
        let mut earliest = None;
        for running in table.held.values().map(|it| &it.running).filter(|it| !it.is_decided()) {
            if running.deadline() <= now && running.give_up_queued() {
                overdue.push((running.clone(), GivenUp::Queued));
                continue;
            }
            // Asked anew: it may have started just now, and its time begins with that.
            let (deadline, last) = (running.deadline(), running.last_deadline());
            let next = if deadline > now { deadline } else { last };
            if next > now {
                earliest = earliest.into_iter().chain([next]).min();
            } else if running.give_up() == Some(GivenUp::Started) {
                overdue.push((running.clone(), GivenUp::Started));
            }
            if deadline <= now {
                running.tell(Told::TimeUp);
            }
        }
        table.earliest = earliest;
        table.zombies.extend(overdue.iter().filter(|it| it.1 == GivenUp::Started).map(|it| it.0.clone()));
        overdue
    }

    /// Gives up all attempts that have not ended.
    pub(crate) fn give_up(&self) -> Vec<Overdue> {
        let mut table = self.table.lock();
        let under_way = table.held.values().map(|it| &it.running);
        let given_up: Vec<Overdue> = under_way.filter_map(|it| Some((it.clone(), it.give_up()?))).collect();
        table.zombies.extend(given_up.iter().filter(|it| it.1 == GivenUp::Started).map(|it| it.0.clone()));
        given_up
    }

    /// Gives up the attempts whose handlers have not started, and of whose groups of threads `in_group` is true; those
    /// in line have none yet.
    pub(crate) fn give_up_queued(&self, in_group: impl Fn(Option<usize>) -> bool) -> Vec<Arc<Running>> {
        // The last ones first, so that a slot that falls free does not start the next one to be given up.
        let mut waiting = self.all();
        waiting.sort_by_cached_key(|it| it.has_slot());
        waiting.retain(|it| in_group(it.group()) && it.give_up_queued());
        waiting
    }

    /// The handlers that were given up and still run.
    pub(crate) fn zombies(&self) -> Vec<Arc<Running>> {
        let mut table = self.table.lock();
        table.zombies.retain(|it| !it.has_left());
        table.zombies.clone()
    }

    /// The lines that handlers logged and that were not stored yet.
    pub(crate) fn take_lines(&self) -> Vec<Note> {
        let mut lines = self.take_unsaved();
        lines.extend(self.table.lock().held.values().flat_map(|it| it.running.take_lines()));
        lines
    }

    /// The lines that somebody has taken and could not store.
    pub(crate) fn take_unsaved(&self) -> Vec<Note> {
        std::mem::take(&mut self.unsaved.lock())
    }

    /// Keeps lines that could not be stored, for the next who tries.
    pub(crate) fn keep_unsaved(&self, lines: Vec<Note>) {
        self.unsaved.lock().extend(lines);
    }

    /// Ends at the first instant at which an attempt's time may be up.
    pub(crate) async fn next_overdue(&self) {
        loop {
            let earlier = self.earlier.notified();
            let earliest = self.table.lock().earliest;
            // With nothing under way there is nothing to wake for but an attempt.
            let far = Duration::from_secs(24 * 3600);
            let sleep = async {
                match earliest {
                    Some(earliest) => tokio::time::sleep_until(earliest).await,
                    None => tokio::time::sleep(far).await,
                }
            };
            tokio::select! {
                () = earlier => {}
                () = sleep => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RunnerClock;
    use job_core::{Clock, Timestamp};
    use job_testing::factory;

    const LIMIT: Duration = Duration::from_secs(10);

    fn under_way(attempts: &Attempts) -> (Arc<Running>, Arc<RunnerClock>) {
        let clock = Arc::new(RunnerClock::new(Clock::At(Timestamp::EPOCH)));
        let job = factory::job(*JobId::BOUNDS.start()).created(Timestamp::EPOCH);
        let running = Arc::new(Running::new(job, LIMIT, clock.clone()));
        attempts.add(std::slice::from_ref(&running), clock.instant() + 2 * LIMIT);
        (running, clock)
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_waits_for_a_thread_all_its_time_is_given_back_and_never_starts() {
        let attempts = Attempts::default();
        let (running, clock) = under_way(&attempts);
        attempts.next_overdue().await;
        let overdue = attempts.overdue(clock.instant());
        assert_eq!(overdue.iter().map(|it| it.1).collect::<Vec<_>>(), [GivenUp::Queued]);
        assert!(!running.start());
        assert!(attempts.zombies().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_has_its_whole_time_from_its_start_and_a_little_more() {
        let attempts = Attempts::default();
        let (running, clock) = under_way(&attempts);
        tokio::time::sleep(LIMIT / 2).await;
        assert!(running.start());
        attempts.next_overdue().await;
        assert!(attempts.overdue(clock.instant()).is_empty());
        tokio::time::sleep(LIMIT / 4).await;
        assert!(attempts.overdue(clock.instant()).is_empty());
        assert_eq!(running.told(), None);
        // It is told, and has a tenth of its time to end.
        attempts.next_overdue().await;
        assert!(attempts.overdue(clock.instant()).is_empty());
        assert_eq!(running.told(), Some(Told::TimeUp));
        attempts.next_overdue().await;
        let overdue = attempts.overdue(clock.instant());
        assert_eq!(overdue.iter().map(|it| it.1).collect::<Vec<_>>(), [GivenUp::Started]);
        // A zombie until its handler has ended, and what it ends with does not count.
        assert_eq!(attempts.zombies().len(), 1);
        assert!(!running.end());
        assert!(attempts.zombies().is_empty());
    }
}
