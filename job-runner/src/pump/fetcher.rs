//! What to claim next: one claim per queue, as long as a queue may have something.

use crate::{
    clock::{Instant, RunnerClock},
    pump::{
        lane::{Lane, Polling, Seen},
        outbox::BATCH,
    },
    run::many,
};
use job_core::{QueueName, store::Claim};
use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

/// The queues of a run, and what is known of each.
#[derive(Debug)]
pub(crate) struct Fetcher {
    /// What all claims have in common.
    claim: Claim,
    lanes: Vec<Lane>,
    /// The queue that is asked next, so that none waits for another.
    turn: usize,
    seen: Seen,
    /// None for a script, which is done with a queue that is empty.
    polling: Option<Polling>,
    clock: Arc<RunnerClock>,
}

/// What there is room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Jobs that could start at once.
    pub(crate) slots: usize,
    /// Jobs beyond them, to be claimed ahead.
    pub(crate) ahead: usize,
    /// Jobs that one call may claim.
    pub(crate) most: usize,
    /// Nothing is under way.
    pub(crate) idle: bool,
}

type Limits = BTreeMap<QueueName, NonZeroU32>;

impl Fetcher {
    /// Claims like `claim`, from `queues`, for a script: until all are empty.
    pub(crate) fn once(
        claim: Claim,
        queues: Vec<QueueName>,
        limits: &Limits,
        clock: Arc<RunnerClock>,
    ) -> Self {
        let lane = |queue: QueueName| {
            let most = limits.get(&queue).map(|it| many(it.get()));
            Lane::new(queue, most)
        };
        let lanes = queues.into_iter().map(lane).collect();
        Self { claim, lanes, turn: 0, seen: Seen::default(), polling: None, clock }
    }

    /// As [`once`](Self::once), for a worker, which polls. If somebody wakes it (`woken`), a round of the queues in which
    /// nothing happens takes one poll for each, so that an idle worker costs one look a poll, however many they are.
    pub(crate) fn polling(self, poll: Duration, woken: bool) -> Self {
        let rounds = if woken { u32::try_from(self.lanes.len()).unwrap_or(u32::MAX).max(1) } else { 1 };
        Self { polling: Some(Polling { warm: poll, cold: poll.saturating_mul(rounds) }), ..self }
    }

    /// The next claim, if there is room for it and a queue may have something. `held` says how many jobs of a queue are
    /// under way, and how many a call that is not answered yet may bring. Two calls never ask a queue that seemed empty, nor
    /// one that is to give only what can start.
    pub(crate) fn next(&mut self, room: Room, held: impl Fn(&QueueName) -> (usize, usize)) -> Option<Claim> {
        if room.slots == 0 {
            return None;
        }
        let (now, seen, count) = (self.clock.instant(), self.seen, self.lanes.len());
        let in_turn = |fits: &dyn Fn(&Lane) -> bool| {
            let mut lanes = (0..count).map(|it| (self.turn + it) % count);
            lanes.find(|it| fits(&self.lanes[*it]))
        };
        let room_in = |lane: &Lane| {
            let (running, coming) = held(&lane.queue);
            if coming > 0 && (lane.is_dry() || lane.is_bare()) {
                return 0;
            }
            let slots =
                lane.most.map_or(room.slots, |it| it.saturating_sub(running + coming).min(room.slots));
            if lane.may_prefetch(now) { slots + room.ahead } else { slots }
        };
        // A last look is for when there is nothing else to look for.
        let last_look = room.idle && self.polling.is_none();
        let at = in_turn(&|it| it.may_have(seen, now) && room_in(it) > 0).or_else(|| {
            last_look.then(|| in_turn(&|it| it.may_have_left(seen) && room_in(it) > 0)).flatten()
        })?;
        let limit = u32::try_from(room_in(&self.lanes[at]).min(room.most).min(BATCH))
            .ok()
            .and_then(NonZeroU32::new)?;
        self.turn = at;
        self.seen.claims += 1;
        Some(Claim { queue: self.lanes[at].queue.clone(), limit, ..self.claim.clone() })
    }

    /// How much has happened that may make more jobs ready.
    pub(crate) fn seen(&self) -> Seen {
        self.seen
    }

    /// Whether `queue` is to give only what can start, and has not done so yet.
    pub(crate) fn is_bare(&self, queue: &QueueName) -> bool {
        self.lanes.iter().any(|it| it.queue == *queue && it.is_bare())
    }

    /// `claim`, which was made when that much had been `seen`, started this many jobs.
    pub(crate) fn got(&mut self, claim: &Claim, started: usize, seen: Seen) {
        let now = self.clock.instant();
        let polling = self.polling;
        if let Some(lane) = self.lanes.iter_mut().find(|it| it.queue == claim.queue) {
            lane.claimed(seen);
            if started > 0 {
                lane.stirred(polling, now);
            }
            if u32::try_from(started).is_ok_and(|it| it < claim.limit.get()) {
                lane.dried(seen, polling, &self.clock);
            }
        }
        self.turn = (self.turn + 1) % self.lanes.len().max(1);
    }

    /// Something may have come into these queues.
    pub(crate) fn woken(&mut self, queues: &[QueueName]) {
        let now = self.clock.instant();
        for lane in self.lanes.iter_mut().filter(|it| queues.contains(&it.queue)) {
            lane.stirred(self.polling, now);
        }
    }

    /// Any queue may have something, whatever was known of it.
    pub(crate) fn look_again(&mut self) {
        let now = self.clock.instant();
        self.lanes.iter_mut().for_each(|it| it.stirred(self.polling, now));
    }

    /// An end was settled, and with it a turn, if its job had one.
    pub(crate) fn settled(&mut self, turn: bool) {
        self.seen.settled += 1;
        self.seen.turns += u64::from(turn);
    }

    /// By its next claim, and for a poll, nothing of `queue` is claimed ahead of free slots.
    pub(crate) fn no_prefetch(&mut self, queue: &QueueName) {
        let then = self.clock.instant() + self.polling.map_or(Duration::ZERO, |it| it.warm);
        if let Some(lane) = self.lanes.iter_mut().find(|it| it.queue == *queue) {
            lane.no_prefetch_until(then, self.seen);
        }
    }

    /// Whether there is nothing to look for any more, if nothing is under way. Never so for a worker.
    pub(crate) fn is_dry(&self) -> bool {
        let now = self.clock.instant();
        let may_have = |it: &Lane| it.may_have(self.seen, now) || it.may_have_left(self.seen);
        self.polling.is_none() && !self.lanes.iter().any(may_have)
    }

    /// When a queue is to be looked into that seems empty.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        self.lanes.iter().filter_map(Lane::look).min()
    }

    /// What all claims have in common.
    pub(crate) fn claim(&self) -> &Claim {
        &self.claim
    }

    pub(crate) fn queues(&self) -> impl Iterator<Item = &QueueName> {
        self.lanes.iter().map(|it| &it.queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job_core::Clock;
    use job_testing::factory::{claim, limit, named};

    const POLL: Duration = Duration::from_secs(1);

    fn fetcher(queues: &[&str], limits: &Limits) -> (Fetcher, Arc<RunnerClock>) {
        let clock = Arc::new(RunnerClock::new(Clock::Store));
        let queues = queues.iter().map(|it| named(it)).collect();
        (Fetcher::once(claim(Clock::Store), queues, limits, clock.clone()), clock)
    }

    fn room(slots: usize, idle: bool) -> Room {
        Room { slots, ahead: 0, most: usize::MAX, idle }
    }

    fn got(fetcher: &mut Fetcher, claim: &Claim, started: usize) {
        fetcher.got(claim, started, fetcher.seen());
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_is_looked_into_a_last_time_once_the_others_have_nothing_left() {
        let (mut fetcher, _) = fetcher(&["empty", "full"], &Limits::new());
        let look = fetcher.next(room(5, true), |_| (0, 0)).unwrap();
        assert_eq!(look.queue, named("empty"));
        got(&mut fetcher, &look, 0);
        for _ in 0..3 {
            let full = fetcher.next(room(5, true), |_| (0, 0)).unwrap();
            assert_eq!(full.queue, named("full"));
            got(&mut fetcher, &full, 5);
            fetcher.settled(false);
        }
        let last = fetcher.next(room(5, true), |_| (0, 0)).unwrap();
        got(&mut fetcher, &last, 2);
        fetcher.settled(false);
        // While something runs, there is nothing to look for; then each is looked into once more.
        assert_eq!(fetcher.next(room(5, false), |_| (0, 0)), None);
        assert!(!fetcher.is_dry());
        for _ in 0..2 {
            let look = fetcher.next(room(5, true), |_| (0, 0)).unwrap();
            got(&mut fetcher, &look, 0);
        }
        assert_eq!(fetcher.next(room(5, true), |_| (0, 0)), None);
        assert!(fetcher.is_dry());
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_with_a_limit_is_claimed_up_to_it_and_never_ahead() {
        let limits = Limits::from([(named("narrow"), limit(3))]);
        let (mut fetcher, _) = fetcher(&["narrow", "wide"], &limits);
        let room = Room { slots: 10, ahead: 10, most: usize::MAX, idle: false };
        let narrow = fetcher.next(room, |_| (1, 0)).unwrap();
        assert_eq!((narrow.queue.as_str(), narrow.limit.get()), ("narrow", 2));
        got(&mut fetcher, &narrow, 2);
        let wide = fetcher.next(room, |_| (3, 0)).unwrap();
        assert_eq!((wide.queue.as_str(), wide.limit.get()), ("wide", 20));
        // By the next claim, and for a poll, nothing is claimed ahead of free slots.
        let mut fetcher = fetcher.polling(POLL, false);
        fetcher.no_prefetch(&named("wide"));
        tokio::time::sleep(POLL).await;
        let next = fetcher.next(room, |_| (3, 0)).unwrap();
        assert_eq!(next.limit.get(), 10);
        got(&mut fetcher, &next, 10);
        assert_eq!(fetcher.next(room, |_| (3, 0)).unwrap().limit.get(), 20);
        fetcher.no_prefetch(&named("wide"));
        got(&mut fetcher, &next, 10);
        assert_eq!(fetcher.next(room, |_| (3, 0)).unwrap().limit.get(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn with_wake_ups_a_round_of_quiet_queues_takes_a_poll_for_each_and_a_stirred_one_is_looked_into_at_each()
     {
        let names = ["a", "b", "c", "d"];
        let (once, clock) = fetcher(&names, &Limits::new());
        let mut fetcher = once.polling(POLL, true);
        let mut looks: Vec<String> = Vec::new();
        let mut woken = false;
        let start = clock.instant();
        while clock.since(start) < 64 * POLL {
            while let Some(claim) = fetcher.next(room(5, true), |_| (0, 0)) {
                looks.push(claim.queue.to_string());
                got(&mut fetcher, &claim, 0);
            }
            tokio::time::sleep_until(fetcher.next_look().unwrap()).await;
            if clock.since(start) > 32 * POLL && !woken {
                // In sixteen seconds each, with a jitter of a quarter, and one look at the start.
                assert!((4 * 5..=4 * 12).contains(&looks.len()), "{looks:?}");
                fetcher.woken(&[named("c")]);
                (woken, looks) = (true, Vec::new());
            }
        }
        let of = |name: &str| looks.iter().filter(|it| *it == name).count();
        assert!(of("c") >= of("a") + 4, "{looks:?}");
    }
}
