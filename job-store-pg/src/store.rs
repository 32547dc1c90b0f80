//! The store: each call a task of its own.

use crate::{
    SCHEME,
    call::{Call, Caller},
    callers::jobs::Jobs,
    change::apply::Apply,
    claim::{self, exchange::Exchange, look::Looks, patience::Patience},
    clock,
    connection::{
        options::PgOptions,
        pool::{Connector, Pool},
        pooler,
    },
    delete::{
        Delete,
        prune::{Places, Prune},
    },
    error::CallError,
    insert::{Insert, desk::Desk},
    lease::{Lapsed, Renew},
    list::{Count, List},
    lock, notes,
    statement::{schema::Schema, texts::Texts},
    switches,
    tables::migrate,
    wake::{listen::Listener, ring::Ringer},
};
use async_trait::async_trait;
use job_core::{
    Change, Clock, Job, JobId, NewJob, Note, NoteFilter, Noted, QueueName, Reply, Timestamp,
    store::{
        Claim, Claimed, Counted, Deletion, Filter, Held, Inserted, JobStore, Listed, Lock, LockRequest,
        Notes, Opened, Page, Renewed, StoreError, Switch, Switches, Wake,
    },
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::{runtime::Handle, time::timeout};
use uuid::Uuid;

/// A store in a PostgreSQL database. Cheap to clone; clones share their connections.
///
/// Each call runs in a task of its own, which owns its connection until it has ended. Its future may be dropped at any
/// moment: the call is then done wholly or not at all, and jobs that it claimed for nobody are released.
#[derive(Clone, Debug)]
pub struct PgStore {
    caller: Caller,
    desk: Desk,
    connector: Connector,
    listener: Option<Listener>,
    looks: Arc<Looks>,
    patience: Arc<Patience>,
    places: Arc<Places>,
    pub(crate) options: Arc<PgOptions>,
}

impl PgStore {
    /// Connects, and looks whether the tables are such as this program knows, or none.
    ///
    /// To be called on the runtime that will outlive the store: it drives the connections.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the server cannot be reached, refuses us, or has the tables of a newer program; or a pooler in
    /// transaction mode stands before it, which is not such as [`PgOptions::pooler`] asks for, or where the role that
    /// [`PgOptions::role`] names cannot be taken.
    pub async fn connect(options: &PgOptions) -> Result<Self, StoreError> {
        pooler::refuse_role(options)?;
        let connector = Connector::new(options);
        // First, so that no connection of others gets our settings.
        pooler::refuse_unfit(&connector.server, options.pooler).await?;
        let mut conn = connector.connect().await.map_err(CallError::from)?;
        let looked = timeout(options.deadline, migrate::refuse_newer(&mut conn, &options.schema)).await;
        looked.map_err(|late| StoreError::Unavailable(late.into()))??;
        let caller = Caller {
            pool: Pool::new(options),
            texts: Arc::new(Texts::of(&options.schema)),
            ringer: Ringer::new(options.schema.clone(), options.notify),
            deadline: options.deadline,
            runtime: Handle::current(),
        };
        // A pooler in transaction mode cannot listen.
        let listener = (options.notify && !options.pooler).then(|| {
            let bells = caller.ringer.bells.clone();
            Listener::new(connector.server.clone(), options.schema.clone(), bells, caller.runtime.clone())
        });
        let desk = Desk::new(caller.clone());
        Ok(Self {
            caller,
            desk,
            connector,
            listener,
            looks: Arc::default(),
            patience: Arc::default(),
            places: Arc::default(),
            options: Arc::new(options.clone()),
        })
    }

    /// The store as a runner takes it, by its own clock.
    #[must_use]
    pub fn opened(&self) -> Opened {
        let store = Arc::new(self.clone());
        Opened {
            wake: Some(store.clone()),
            admin: Some(store.clone()),
            again: Some(store.clone()),
            ..Opened::new(SCHEME, store)
        }
    }

    /// Its jobs on the application's own connections.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs {
            schema: self.schema().clone(),
            texts: self.caller.texts.clone(),
            rings: self.caller.ringer.notifies,
        }
    }

    /// Makes the tables, or brings them to the version that this program expects, in one transaction. Safe when many do
    /// it at once.
    ///
    /// # Errors
    ///
    /// [`StoreError::Schema`] if the tables are of a newer version; [`StoreError::Denied`] if the user may not make them.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_to(migrate::VERSION).await
    }

    /// Brings the tables to an older version, with what the newer one kept beyond it lost; to 0, all tables are dropped.
    ///
    /// # Errors
    ///
    /// As [`migrate`](Self::migrate).
    pub async fn migrate_to(&self, version: u32) -> Result<(), StoreError> {
        let (connector, options) = (self.connector.clone(), self.options.clone());
        let migrated = self.caller.runtime.spawn(async move {
            let mut conn = connector.connect_for_long().await?;
            migrate::migrate(&mut conn, &options.schema, version.min(migrate::VERSION), options.roles).await
        });
        match migrated.await {
            Ok(result) => Ok(result?),
            Err(error) => Err(StoreError::Unavailable(error.into())),
        }
    }

    pub(crate) async fn call<C: Call>(&self, call: C) -> Result<C::Answer, StoreError> {
        self.caller.call(call).await
    }

    fn claiming(&self, claim: &Claim) -> claim::Claim {
        let (looks, patience) = (self.looks.clone(), self.patience.clone());
        claim::Claim { claim: claim.clone(), looks, patience }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.options.schema
    }

    /// How many connections are open for calls, and how many of them are free.
    #[must_use]
    pub fn connections(&self) -> (usize, usize) {
        self.caller.pool.status()
    }
}

#[async_trait]
impl JobStore for PgStore {
    fn mint(&self) -> JobId {
        JobId::from_uuid(Uuid::now_v7())
    }

    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.call(clock::Now).await
    }

    async fn insert(&self, jobs: &[NewJob], clock: Clock) -> Result<Vec<Inserted>, StoreError> {
        let jobs = jobs.to_vec();
        if Desk::takes(&jobs) {
            self.desk.insert(jobs, clock).await
        } else {
            self.call(Insert { jobs, clock }).await
        }
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.call(self.claiming(claim)).await
    }

    async fn apply(&self, changes: &[Change]) -> Result<Vec<Reply>, StoreError> {
        self.call(Apply { changes: changes.to_vec() }).await
    }

    async fn renew(&self, held: &[Held], lease: Duration, clock: Clock) -> Result<Vec<Renewed>, StoreError> {
        self.call(Renew { held: held.to_vec(), lease, clock }).await
    }

    async fn lapsed(
        &self,
        after: Option<JobId>,
        limit: NonZeroU32,
        clock: Clock,
    ) -> Result<Vec<Job>, StoreError> {
        self.call(Lapsed { after, limit, clock }).await
    }

    async fn list(&self, filter: &Filter, page: &Page) -> Result<Listed, StoreError> {
        self.call(List { filter: filter.clone(), page: page.clone() }).await
    }

    async fn count(&self, filter: &Filter, cap: u64) -> Result<Counted, StoreError> {
        self.call(Count { filter: filter.clone(), cap }).await
    }

    async fn delete(&self, what: &Deletion) -> Result<u64, StoreError> {
        match what {
            Deletion::Ids(ids) => self.call(Delete(ids.clone())).await,
            Deletion::Final { before, statuses, types, limit, keep_newest } => {
                let prune = Prune {
                    before: *before,
                    statuses: statuses.clone(),
                    types: types.clone(),
                    limit: *limit,
                    keep_newest: *keep_newest,
                    places: self.places.clone(),
                };
                self.call(prune).await
            }
        }
    }

    async fn lock(&self, request: &LockRequest) -> Result<Lock, StoreError> {
        self.call(lock::Ask(request.clone())).await
    }

    async fn exchange(&self, changes: &[Change], claim: &Claim) -> Result<(Vec<Reply>, Claimed), StoreError> {
        let apply = Apply { changes: changes.to_vec() };
        self.call(Exchange { apply, claim: self.claiming(claim) }).await
    }
}

#[async_trait]
impl Wake for PgStore {
    /// Rings of this process are heard at once, those of others by LISTEN.
    async fn woken(&self, queues: &[QueueName]) {
        if let Some(listener) = &self.listener {
            listener.want(queues);
        }
        self.caller.ringer.bells.listen(queues).await;
    }
}

#[async_trait]
impl Notes for PgStore {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        self.call(notes::Append::new(notes.to_vec())).await
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        self.call(notes::Read { filter: filter.clone(), limit }).await
    }
}

#[async_trait]
impl Switches for PgStore {
    async fn set(&self, switch: &Switch, on: bool) -> Result<(), StoreError> {
        self.call(switches::Set { switch: switch.clone(), on }).await
    }

    async fn switches(&self) -> Result<Vec<Switch>, StoreError> {
        self.call(switches::Read).await
    }
}
