//! The inserts of many callers in one statement, and each alone where they cannot be: nobody's row fails another's.

use crate::{
    call::Call,
    connection::session::Session,
    error::{CallError, Kind},
    insert::{Wait, insert, key, one_by_one, rung},
};
use job_core::{Clock, NewJob, QueueName, TypeName, store::Inserted};
use std::collections::{BTreeSet, HashSet};

/// A key, of a type.
pub(crate) type Key = (TypeName, Box<str>);

/// What one caller wants to have inserted.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) jobs: Vec<NewJob>,
    pub(crate) clock: Clock,
}

impl Wish {
    /// The keys that its jobs would hold.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&TypeName, &str)> {
        self.jobs.iter().filter_map(|it| key(it).map(|key| (&it.type_name, key)))
    }

    /// Whether it wants one of `keys`.
    pub(crate) fn wants_any<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) -> bool {
        keys.into_iter().any(|(name, key)| self.keys().any(|it| it == (name, key)))
    }
}

/// What came of a wish.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was done, and this is the answer.
    Inserted(Vec<Inserted>),
    /// Somebody's open transaction has one of its keys: it is to be sent again.
    Held,
    /// It cannot be done. What could be is done all the same.
    Failed(CallError),
}

/// Wishes with one clock, to be done in one statement. There is an outcome for each, in their order.
#[derive(Debug)]
pub(crate) struct Group {
    jobs: Vec<NewJob>,
    lengths: Vec<usize>,
    clock: Clock,
}

impl Group {
    /// Takes the jobs of `wishes`.
    pub(crate) fn of(wishes: impl IntoIterator<Item = Wish>) -> Self {
        let mut group = Self { jobs: Vec::new(), lengths: Vec::new(), clock: Clock::Store };
        for wish in wishes {
            group.clock = wish.clock;
            group.lengths.push(wish.jobs.len());
            group.jobs.extend(wish.jobs);
        }
        group
    }

    /// The wishes again, in their order.
    pub(crate) fn into_wishes(self) -> impl Iterator<Item = Wish> {
        let mut jobs = self.jobs.into_iter();
        let wish = move |length| Wish { jobs: jobs.by_ref().take(length).collect(), clock: self.clock };
        self.lengths.into_iter().map(wish)
    }

    fn parts(&self) -> impl Iterator<Item = &[NewJob]> {
        let mut rest = &self.jobs[..];
        self.lengths.iter().map(move |length| {
            let (part, others) = rest.split_at(*length);
            rest = others;
            part
        })
    }
}

impl Call for Group {
    type Answer = Vec<Outcome>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Outcome>, CallError> {
        if self.lengths.len() > 1 {
            match insert(session, &self.jobs, self.clock, Wait::Briefly).await {
                Ok(answers) => {
                    let mut answers = answers.into_iter();
                    let outcome = |length: &usize| answers.by_ref().take(*length).collect();
                    return Ok(self.lengths.iter().map(outcome).map(Outcome::Inserted).collect());
                }
                // Of the rows of one of them, perhaps; each alone will tell.
                Err(error) if error.kind().may_be_of_a_row() => {}
                Err(error) => return Err(error),
            }
        }
        let mut held = HashSet::new();
        let mut outcomes = Vec::with_capacity(self.lengths.len());
        for jobs in self.parts() {
            outcomes.push(alone(session, jobs, self.clock, &mut held).await?);
        }
        Ok(outcomes)
    }

    fn rings(&self, outcomes: &Vec<Outcome>) -> BTreeSet<QueueName> {
        let of_one = |(jobs, outcome): (&[NewJob], &Outcome)| match outcome {
            Outcome::Inserted(answers) => rung(jobs, answers).collect(),
            Outcome::Held | Outcome::Failed(_) => BTreeSet::new(),
        };
        self.parts().zip(outcomes).flat_map(of_one).collect()
    }
}

/// One caller's, who waits for no key that a neighbour has just waited for.
async fn alone<'j>(
    session: &mut Session<'_>,
    jobs: &'j [NewJob],
    clock: Clock,
    held: &mut HashSet<(&'j TypeName, &'j str)>,
) -> Result<Outcome, CallError> {
    let keyed = || jobs.iter().filter_map(|it| key(it).map(|key| (&it.type_name, key)));
    if keyed().any(|it| held.contains(&it)) {
        return Ok(Outcome::Held);
    }
    let result = match insert(session, jobs, clock, Wait::Briefly).await {
        Err(error) if jobs.len() > 1 && error.kind().is_of_a_row() => {
            one_by_one(session, jobs, clock, Wait::Briefly).await
        }
        result => result,
    };
    match result {
        Ok(answers) => Ok(Outcome::Inserted(answers)),
        Err(error) => match error.kind() {
            Kind::Conflict | Kind::Locked => {
                held.extend(keyed());
                Ok(Outcome::Held)
            }
            kind if kind.is_transient() => Err(error),
            _ => Ok(Outcome::Failed(error)),
        },
    }
}
