//! The attempts under way: what the pump, the watch and the heart of a runner know in common.

use crate::{
    attempt::running::{GivenUp, Running, Told},
    clock::Instant,
};
use job_core::{JobId, Note, QueueName, Revision};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// The most lines that wait for a store that is away; what comes beyond them is only logged.
const UNSAVED_MOST: usize = 10_000;

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
    /// In order, so that all attempts at one job are beside each other: it may be claimed again, by this runner too,
    /// while a handler that lost it still runs.
    held: BTreeMap<Claimed, Holding>,
    zombies: Vec<Arc<Running>>,
    /// No attempt's time is up before.
    earliest: Option<Instant>,
}

#[derive(Debug)]
struct Holding {
    running: Arc<Running>,
    /// The instant at which its lease is in doubt; none once its token has fired for that.
    fence: Option<Instant>,
    /// The job is known to be somebody else's, or another attempt's.
    lost: bool,
}

/// A job as it was claimed: what tells one attempt at it from another.
pub(crate) type Claimed = (JobId, Revision);

/// An attempt whose time is up, and what it was doing.
pub(crate) type Overdue = (Arc<Running>, GivenUp);

impl Attempts {
    /// Takes in what was claimed, with the instant at which the leases are in doubt. Earlier attempts at the same jobs have
    /// lost them: their tokens fire. Gives those that were not told of anything yet.
    pub(crate) fn add(&self, claimed: &[Arc<Running>], fence: Instant) -> Vec<Arc<Running>> {
        let mut table = self.table.lock();
        let (mut earlier, mut lost) = (false, Vec::new());
        for running in claimed {
            let deadline = running.deadline();
            if table.earliest.is_none_or(|it| deadline < it) {
                table.earliest = Some(deadline);
                earlier = true;
            }
            let claimed = running.claimed();
            let before = table.held.range_mut(..claimed).rev().take_while(|(it, _)| it.0 == claimed.0);
            lost.extend(before.filter_map(|(_, it)| it.lose()));
            let holding = Holding { running: running.clone(), fence: Some(fence), lost: false };
            table.held.insert(claimed, holding);
        }
        drop(table);
        if earlier {
            self.earlier.notify_one();
        }
        lost
    }

    /// Lets go of an attempt: its end is settled, or no longer ours to settle.
    pub(crate) fn remove(&self, claimed: Claimed) {
        self.table.lock().held.remove(&claimed);
    }

    /// How many are not settled yet.
    pub(crate) fn len(&self) -> usize {
        self.table.lock().held.len()
    }

    /// How many of those that are not settled yet were claimed from `queue`.
    pub(crate) fn of_queue(&self, queue: &QueueName) -> usize {
        self.table.lock().held.values().filter(|it| it.running.job.state.queue() == queue).count()
    }

    /// Whether the attempt is under way here.
    pub(crate) fn contains(&self, claimed: Claimed) -> bool {
        self.table.lock().held.contains_key(&claimed)
    }

    /// Tells all handlers that the runner stops, those that wait for a slot first: none of them starts in one that
    /// somebody leaves because of that.
    pub(crate) fn stop(&self) {
        for running in self.last_first() {
            running.tell(Told::Stopping);
        }
    }

    /// All that are not settled yet, those that have no slot first.
    fn last_first(&self) -> Vec<Arc<Running>> {
        let mut all: Vec<_> = self.table.lock().held.values().map(|it| it.running.clone()).collect();
        all.sort_by_cached_key(|it| it.has_slot());
        all
    }

    /// Those whose leases are to be renewed: all but the ones that are known to be lost.
    pub(crate) fn leased(&self) -> Vec<Arc<Running>> {
        let table = self.table.lock();
        table.held.values().filter(|it| !it.lost).map(|it| it.running.clone()).collect()
    }

    /// The lease of an attempt was renewed.
    pub(crate) fn renewed(&self, claimed: Claimed, fence: Instant) {
        if let Some(holding) = self.table.lock().held.get_mut(&claimed)
            && holding.fence.is_some()
        {
            holding.fence = Some(fence);
        }
    }

    /// Fires the tokens of the attempts whose leases are in doubt at `now`, and gives those that had not ended.
    pub(crate) fn fence(&self, now: Instant) -> Vec<Arc<Running>> {
        let mut table = self.table.lock();
        let doubtful = table.held.values_mut().filter(|it| it.fence.is_some_and(|fence| fence <= now));
        let doubtful = doubtful.filter_map(|it| {
            it.fence = None;
            it.running.tell(Told::InDoubt).then(|| it.running.clone())
        });
        doubtful.collect()
    }

    /// When the next lease is in doubt.
    pub(crate) fn next_fence(&self) -> Option<Instant> {
        self.table.lock().held.values().filter_map(|it| it.fence).min()
    }

    /// The attempt lost its job: its token fires, and its lease is nobody's worry any more. Gives it if it was not told of
    /// anything yet.
    pub(crate) fn lost(&self, claimed: Claimed) -> Option<Arc<Running>> {
        self.table.lock().held.get_mut(&claimed)?.lose()
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
        // In this order a slot that falls free does not start the next one to be given up.
        let mut waiting = self.last_first();
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

    /// Keeps lines that could not be stored, for the next who tries; not all, where a store is away for long.
    pub(crate) fn keep_unsaved(&self, lines: Vec<Note>) {
        let mut unsaved = self.unsaved.lock();
        let room = UNSAVED_MOST.saturating_sub(unsaved.len());
        unsaved.extend(lines.into_iter().take(room));
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

impl Holding {
    /// Its job is somebody else's.
    fn lose(&mut self) -> Option<Arc<Running>> {
        (self.fence, self.lost) = (None, true);
        self.running.tell(Told::Lost).then(|| self.running.clone())
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
