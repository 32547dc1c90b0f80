//! A store call: a task of its own that owns its connection, so that a caller may stop waiting at any moment.

use crate::{
    connection::{
        pool::{LendError, Pool},
        session::Session,
        silence::unless_silent,
    },
    error::{CallError, Kind, store_error},
    statement::texts::Texts,
    wake::ring::Ringer,
};
use job_core::{QueueName, store::StoreError};
use std::{collections::BTreeSet, fmt, mem, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};
use uuid::Uuid;

/// How often a call is made before its error is the answer.
const TRIES: u32 = 6;
/// How long to wait before the second try; each further one waits up to twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(10);
/// After how long a silence a connection is taken for dead: a third of the time that a lease leaves.
const SILENCE: Duration = Duration::from_secs(10);

/// What a store call does with a connection. It may be run again from the start when it met a transient error.
pub(crate) trait Call: fmt::Debug + Send + Sync + 'static {
    /// What it gives.
    type Answer: Send + 'static;

    /// Whether it may be made again when its reply was lost, so that it may have been done. If not, the caller is told at
    /// once that the store is away, and looks for what was done.
    const REPEATS: bool = true;

    /// Whether each of its statements is answered within [`SILENCE`] by a server that lives. If so, a longer silence means
    /// that the connection is dead, and it is made on another one.
    const IS_QUICK: bool = true;

    /// Whether [`take_back`](Self::take_back) does anything.
    const TAKES_BACK: bool = false;

    /// Does it.
    fn run(&self, session: &mut Session<'_>) -> impl Future<Output = Result<Self::Answer, CallError>> + Send;

    /// Which queues got work by it.
    fn rings(&self, _answer: &Self::Answer) -> BTreeSet<QueueName> {
        BTreeSet::new()
    }

    /// Takes `answer` back, which nobody is there to receive.
    fn take_back(
        &self,
        _answer: Self::Answer,
        _session: &mut Session<'_>,
    ) -> impl Future<Output = Result<(), CallError>> + Send {
        async { Ok(()) }
    }
}

/// Makes calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The connections.
    pub(crate) pool: Pool,
    /// The texts for the store's schema.
    pub(crate) texts: Arc<Texts>,
    /// What tells runners of work.
    pub(crate) ringer: Ringer,
    /// How long a call may take, all its tries together.
    pub(crate) deadline: Duration,
    /// The runtime that the store was opened on: it drives the connections.
    pub(crate) runtime: Handle,
}

impl Caller {
    /// Makes a call. Dropping the future does not stop it: it is done wholly or not at all, and what it gave that
    /// nobody received is taken back.
    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Answer, StoreError> {
        let (give, receive) = oneshot::channel();
        let caller = self.clone();
        self.runtime.spawn(async move {
            let result = caller.perform(&call).await;
            let (parcel, returned) = Parcel::new(result);
            // A parcel that is not opened comes back, from here or from where the receiver is dropped.
            let _ = give.send(parcel);
            if !C::TAKES_BACK {
                return;
            }
            if let Ok(Ok(answer)) = returned.await {
                caller.take_back(&call, answer).await;
            }
        });
        match receive.await {
            Ok(parcel) => parcel.open(),
            Err(_) => Err(self.ended()),
        }
    }

    /// Makes a call in the task of whoever asks, on the store's runtime, and rings for what came of it. To be dropped
    /// only with the runtime.
    pub(crate) async fn perform<C: Call>(&self, call: &C) -> Result<C::Answer, StoreError> {
        let deadline = Instant::now() + self.deadline;
        let mut wait = FIRST_WAIT;
        let mut again = false;
        for attempt in 1.. {
            let error = match self.attempt(call, deadline, &mut again).await {
                Ok(answer) => {
                    self.ringer.ring(self, call.rings(&answer));
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let kind = error.kind();
            let ends = attempt >= TRIES || !kind.is_transient() || Instant::now() + wait >= deadline;
            if ends {
                return Err(error.into());
            }
            tracing::debug!(?kind, attempt, %error, "a store call is made again");
            sleep(jittered(wait)).await;
            wait *= 2;
        }
        unreachable!("the last attempt returns")
    }

    /// Makes a call, `again` if it was made before.
    async fn attempt<C: Call>(
        &self,
        call: &C,
        deadline: Instant,
        again: &mut bool,
    ) -> Result<C::Answer, CallError> {
        let mut lent = self.pool.lend(deadline).await?;
        let token = lent.cancel_token();
        let again = mem::replace(again, true);
        let mut session = Session { conn: &mut lent, texts: &self.texts, again };
        let silence = if C::IS_QUICK { SILENCE.min(self.deadline / 3) } else { self.deadline };
        let result = match timeout_at(deadline, unless_silent(silence, call.run(&mut session))).await {
            Ok(Some(result)) => result,
            in_vain => {
                // Nobody may use a connection on which a query still runs.
                lent.discard();
                let cancelled = self.pool.server().cancel(&token);
                let _ = timeout_at(Instant::now() + Duration::from_secs(1), cancelled).await;
                match in_vain {
                    Ok(_) => Err(CallError::Silent(silence)),
                    Err(_) => return Err(self.late().into()),
                }
            }
        };
        match result.as_ref().err().map(CallError::kind) {
            Some(Kind::Lost | Kind::Replan) => {
                lent.discard();
                // The others have most likely ended too, or hold plans that are as old.
                self.pool.forget_idle();
            }
            Some(kind) if kind.ends_connection() => lent.discard(),
            _ => {}
        }
        match result {
            Err(error) if !C::REPEATS && error.kind() == Kind::Lost => Err(CallError::InDoubt(error.into())),
            result => result,
        }
    }

    /// The deadline has passed.
    pub(crate) fn late(&self) -> StoreError {
        StoreError::Unavailable(format!("the call took longer than {:?}", self.deadline).into())
    }

    /// There is nobody any more who could make the call.
    pub(crate) fn ended(&self) -> StoreError {
        StoreError::Unavailable("the runtime of the store is shutting down".into())
    }

    async fn take_back<C: Call>(&self, call: &C, answer: C::Answer) {
        let deadline = Instant::now() + self.deadline;
        let taken_back = async {
            let mut lent = self.pool.lend(deadline).await?;
            let mut session = Session { conn: &mut lent, texts: &self.texts, again: false };
            let Ok(result) = timeout_at(deadline, call.take_back(answer, &mut session)).await else {
                lent.discard();
                return Ok(());
            };
            if result.is_err() {
                lent.discard();
            }
            result
        };
        if let Err::<(), CallError>(error) = taken_back.await {
            tracing::warn!(%error, ?call, "an answer that nobody waited for could not be taken back");
        }
    }
}

/// `wait`, up to half of it less, so that those who met do not meet again.
pub(crate) fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + f64::from(Uuid::new_v4().as_bytes()[0]) / 510.0)
}

/// An answer on its way. If it is dropped unopened it goes back to the sender.
struct Parcel<T> {
    content: Option<T>,
    back: Option<oneshot::Sender<T>>,
}

impl<T> Parcel<T> {
    fn new(content: T) -> (Self, oneshot::Receiver<T>) {
        let (back, returned) = oneshot::channel();
        (Self { content: Some(content), back: Some(back) }, returned)
    }

    fn open(mut self) -> T {
        self.content.take().unwrap_or_else(|| unreachable!("a parcel is opened once"))
    }
}

impl<T> Drop for Parcel<T> {
    fn drop(&mut self) {
        if let (Some(content), Some(back)) = (self.content.take(), self.back.take()) {
            let _ = back.send(content);
        }
    }
}

impl From<LendError> for CallError {
    fn from(error: LendError) -> Self {
        match error {
            LendError::Connect(error) => error.into(),
            LendError::Database(error) => store_error(error).into(),
        }
    }
}
