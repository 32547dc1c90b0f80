//! The same scenario leaves the same rows, whatever the store: days of work, made of a seed.

use crate::{
    bed::{Bed, morning},
    errand::{Act, Errand, Ran, UniqueErrand},
};
use job_core::{
    ActorId, AttemptNote, Clock, Job, JobId, JobState, JobStatus, JobType, NoteFilter, NoteKind, Options,
    Start, StateParts, Timestamp,
    store::{JobStore, JobStoreExt, Operation},
};
use job_store_mem::MemStore;
use std::{collections::HashSet, num::NonZeroU32, time::Duration};

/// How many scenarios, and how many steps each has.
const SEEDS: u64 = 12;
const STEPS: u32 = 60;

/// `SplitMix64`: numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// What is left of a scenario: all that may not differ between two stores.
#[derive(Debug, Default, PartialEq)]
struct Left {
    /// What each step said.
    said: Vec<String>,
    /// The starts, in their order.
    ran: Vec<String>,
    jobs: Vec<Job>,
    attempts: Vec<AttemptNote>,
}

/// A scenario while it is played.
struct Play {
    dice: Dice,
    /// Makes the same ids for every store.
    ids: MemStore,
    made: Vec<JobId>,
    now: Timestamp,
    ran: Ran,
    left: Left,
}

async fn played(seed: u64, bed: &Bed) -> Left {
    let mut play = Play {
        dice: Dice(seed),
        ids: MemStore::seeded(seed),
        made: Vec::new(),
        now: morning(),
        ran: Ran::default(),
        left: Left::default(),
    };
    for step in 0..STEPS {
        let said = play.step(step, bed).await;
        play.left.said.push(said);
    }
    play.left.ran = play.ran.names();
    play.left.jobs = bed.jobs().await.into_iter().map(without_actors).collect();
    play.left.attempts = attempts(bed).await;
    play.left
}

impl Play {
    async fn step(&mut self, step: u32, bed: &Bed) -> String {
        match self.dice.below(10) {
            0..5 => self.enqueue(step, bed).await,
            5 | 6 => {
                self.now = self.now + Duration::from_secs(self.dice.below(90));
                format!("{}", self.now)
            }
            7 | 8 => format!("{:?}", bed.run(self.now, &self.ran).await),
            _ => self.operate(bed).await,
        }
    }

    async fn enqueue(&mut self, step: u32, bed: &Bed) -> String {
        let acts: Vec<Act> = (0..self.dice.below(4)).map(|_| *self.dice.pick(&Act::ALL)).collect();
        let options = Options {
            start: Start::In(Duration::from_secs(self.dice.below(3) * 45)),
            priority: Some(*self.dice.pick(&[-1, 0, 0, 0, 1])),
            ..Options::default()
        };
        let id = self.ids.mint();
        let new = if self.dice.below(2) == 0 {
            Errand::new(format!("errand {step}"), acts).draft(id, &options, None)
        } else {
            let name = format!("proposal {}", self.dice.below(3));
            UniqueErrand(Errand::new(name, acts)).draft(id, &options, None)
        };
        let inserted = bed.opened.store.insert(&[new.unwrap()], Clock::At(self.now)).await.unwrap();
        self.made.push(id);
        format!("{inserted:?}")
    }

    async fn operate(&mut self, bed: &Bed) -> String {
        if self.made.is_empty() {
            return "nothing to operate on".to_owned();
        }
        let id = *self.dice.pick(&self.made);
        let operations = [
            Operation::Cancel("not today".into()),
            Operation::Suspend("not yet".into()),
            Operation::Resume,
            Operation::Requeue { keep_attempts: false },
            Operation::Requeue { keep_attempts: true },
            Operation::Reschedule(Start::In(Duration::from_secs(30))),
        ];
        let operation = self.dice.pick(&operations).clone();
        let by = ActorId::from_uuid(uuid::Uuid::from_u128(1));
        match bed.opened.store.operate(id, operation, by, Clock::At(self.now)).await {
            Ok(job) => format!("{job:?}"),
            Err(refused) => refused.to_string(),
        }
    }
}

/// Who did it is another process each time.
fn without_actors(job: Job) -> Job {
    let state = JobState::restore(StateParts { changed_by: None, ..job.state.parts() }).unwrap();
    Job { state, ..job }
}

async fn attempts(bed: &Bed) -> Vec<AttemptNote> {
    let filter = NoteFilter { kind: Some(NoteKind::Attempt), ..NoteFilter::default() };
    let notes = bed.opened.notes.notes(&filter, NonZeroU32::MAX).await.unwrap();
    let body = |it: &job_core::Noted| {
        let runner = ActorId::from_uuid(uuid::Uuid::nil());
        AttemptNote { runner, report: None, ..it.note.body.decode().unwrap() }
    };
    notes.iter().map(body).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_scenario_leaves_the_same_rows_on_every_store() {
    let mut statuses = HashSet::new();
    for seed in 0..SEEDS {
        let memory = played(seed, &Bed::memory().await.unwrap()).await;
        for other in [Bed::sqlite().await, Bed::postgres().await].into_iter().flatten() {
            let (left, store) = (played(seed, &other).await, other.opened.scheme);
            for (step, (memory, said)) in memory.said.iter().zip(&left.said).enumerate() {
                assert_eq!(memory, said, "{store}, seed {seed}, step {step}");
            }
            assert_eq!(memory, left, "{store}, seed {seed}");
        }
        statuses.extend(memory.jobs.iter().map(|it| it.state.status()));
        assert!(!memory.ran.is_empty() && !memory.attempts.is_empty(), "seed {seed} says something");
    }
    let nowhere = JobStatus::ALL.into_iter().filter(|it| !statuses.contains(it)).collect::<Vec<_>>();
    assert_eq!(nowhere, [JobStatus::Running], "every status that lasts is left by some scenario");
}
