//! The table of scopes: who holds a key after every verb, whatever happened to the key meanwhile.

use crate::{Fixture, factory, race};
use job_core::{
    Change, Job, JobStatus, NewJob, Reply, UniqueScope, Verb,
    store::{Claim, Deletion, Filter, Inserted, Order},
};

/// What another job does with the key between the look at a job and the change that is made of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Other {
    Absent,
    Waits,
    Starts,
    IsDeleted,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    number: usize,
    scope: UniqueScope,
    verb: Verb,
    from: JobStatus,
    other: Other,
    supersedes: bool,
}

/// For every scope, verb and status, and whether another job takes the key, starts with it or is deleted
/// meanwhile: the change gets its answer, and both jobs hold what the table of scopes says.
pub async fn every_verb_keeps_the_table_of_scopes(store: Fixture) {
    let handles = store.handles(4).await;
    let cases = cases();
    race(cases.len(), |n| {
        let (store, case) = (handles[n % handles.len()].clone(), cases[n]);
        async move { case.check(&store).await }
    })
    .await;
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for scope in UniqueScope::ALL {
        // A start is not a change: it is a claim's.
        for verb in Verb::ALL.into_iter().filter(|it| *it != Verb::Start) {
            for from in JobStatus::ALL {
                for other in [Other::Absent, Other::Waits, Other::Starts, Other::IsDeleted] {
                    for supersedes in [false, true] {
                        cases.push(Case { number: cases.len(), scope, verb, from, other, supersedes });
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    async fn check(self, store: &Fixture) {
        let mover = store.at(self.from, &self.job(store)).await;
        self.check_keys(store).await;
        let now = if self.verb == Verb::Lapse { store.now() + factory::LEASE } else { store.now() };
        let Ok(next) = factory::perform(self.verb, &mover, now) else { return };
        let change = Change::new(&mover, next, factory::actor(7));
        let change = if self.supersedes { change.or_supersede(&mover, now) } else { change };

        let holder = self.other_holder(store).await;
        let (reply, state) = match holder.as_ref().filter(|_| change.takes_key) {
            None => (Reply::Applied, change.next.clone()),
            Some(holder) => match change.if_taken.superseded_by(holder.id) {
                Some(state) => (Reply::Superseded { by: holder.id }, state),
                None => (Reply::KeyTaken { holder: holder.id }, mover.state.clone()),
            },
        };
        assert_eq!(store.change(&change).await, reply, "{self:?}");
        assert_eq!(store.get(mover.id).await.state, state, "{self:?}");
        if let Some(holder) = holder {
            assert_eq!(store.get(holder.id).await, holder, "{self:?}: nobody touches the holder");
        }
        self.check_keys(store).await;
    }

    /// The other job, if it is there and holds the key.
    async fn other_holder(self, store: &Fixture) -> Option<Job> {
        if self.other == Other::Absent {
            return None;
        }
        let Inserted::Created(other) = store.insert(&[self.job(store)]).await.remove(0) else {
            return None; // The mover itself holds it.
        };
        self.check_keys(store).await;
        match self.other {
            Other::Starts => {
                let claim = Claim { types: vec![other.spec.type_name], ..store.claim() };
                let started = store.start(&claim).await.pop();
                started.filter(|it| it.state.held_key().is_some())
            }
            Other::IsDeleted => {
                store.delete(&Deletion::Ids(vec![other.id])).await;
                None
            }
            Other::Absent | Other::Waits => Some(other),
        }
    }

    /// Each job of the case holds the key if its scope says so in its status; and at most one does.
    async fn check_keys(self, store: &Fixture) {
        let filter = Filter { types: Some(vec![self.job(store).type_name]), ..Filter::default() };
        let jobs = store.list(&filter, Order::Oldest).await;
        for job in &jobs {
            let unique = job.spec.unique.as_ref().filter(|it| it.scope.holds(job.state.status()));
            assert_eq!(job.state.held_key(), unique.map(|it| &it.key), "{self:?}");
        }
        assert!(jobs.iter().filter(|it| it.state.held_key().is_some()).count() <= 1, "{self:?}");
    }

    /// A job of the case: it alone has the type.
    fn job(self, store: &Fixture) -> NewJob {
        let type_name = factory::named(&format!("case-{}", self.number));
        NewJob { type_name, unique: Some(factory::unique("k", self.scope)), ..store.job() }
    }
}
