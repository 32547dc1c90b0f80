//! The operations of a generated history, as plain data: numbers are indexes, always taken modulo what there is.

use super::deed::Deed;

/// One step of a history.
#[derive(Clone, Debug)]
pub enum Op {
    /// Microseconds pass; a few may go back, as clocks that are set do.
    Tick(i8),
    /// Inserts a batch.
    Insert(Vec<Insertion>),
    /// Sends an earlier batch of inserts again, as after a lost reply.
    InsertAgain(usize),
    /// Claims.
    Claim(ClaimPlan),
    /// Reads every job into a hand.
    Look(usize),
    /// Writes from a hand, however old.
    Act {
        /// The hand.
        hand: usize,
        /// The actor.
        by: u8,
        /// The batch.
        deeds: Vec<Deed>,
    },
    /// Sends an earlier batch of changes again, as after a lost reply.
    ActAgain(usize),
    /// The deeds among `deeds` on running jobs that take no key back, fused with a claim.
    Exchange {
        /// The hand.
        hand: usize,
        /// The batch.
        deeds: Vec<Deed>,
        /// The claim, by the same actor.
        claim: ClaimPlan,
    },
    /// Renews leases from a hand.
    Renew {
        /// The hand.
        hand: usize,
        /// Which jobs of it; some may come twice.
        jobs: Vec<usize>,
        /// Until how many microseconds from now.
        lease: u8,
        /// Which of them report progress, by bits.
        progress: u8,
    },
    /// Asks for lapsed leases, page by page.
    Lapsed(u8),
    /// Lists, page by page.
    List {
        /// Which jobs.
        filter: FilterPlan,
        /// In which order.
        order: u8,
        /// The size of a page.
        limit: u8,
    },
    /// Counts.
    Count {
        /// Which jobs.
        filter: FilterPlan,
        /// No further than this.
        cap: u8,
    },
    /// Deletes jobs by name, deleted ones among them.
    Delete(Vec<usize>),
    /// Deletes old jobs.
    Prune(Prune),
    /// Asks for a lock.
    Lock {
        /// Which.
        name: u8,
        /// The actor.
        by: u8,
        /// For how many microseconds; 0 gives it up.
        lease: u8,
    },
    /// Sets a switch.
    Switch {
        /// Which.
        which: u8,
        /// On or off.
        on: bool,
    },
    /// Appends notes, some about jobs that are gone.
    Append(Vec<NotePlan>),
    /// Reads notes.
    Notes {
        /// Only about this.
        about: Option<NotePlan>,
        /// Only of this kind.
        kind: Option<u8>,
        /// Only below the number of this one.
        below: Option<usize>,
        /// At most so many.
        limit: u8,
    },
}

/// A job to be inserted.
#[derive(Clone, Debug)]
pub struct Insertion {
    /// Its type.
    pub type_name: u8,
    /// Its queue.
    pub queue: u8,
    /// Its priority.
    pub priority: i16,
    /// Its start: now, after microseconds, or at a point in time near now.
    pub start: (u8, u8),
    /// Its unique key and scope.
    pub unique: Option<(u8, u8)>,
    /// Its turn: none, that of its key, or one it shares across types.
    pub turn: u8,
    /// Its target.
    pub target: Option<u8>,
    /// Its tags, by bits.
    pub tags: u8,
    /// Its retries.
    pub max_retries: u8,
    /// The id of this job instead of a new one.
    pub id_of: Option<usize>,
}

/// A claim.
#[derive(Clone, Debug)]
pub struct ClaimPlan {
    /// The actor.
    pub by: u8,
    /// The queue.
    pub queue: u8,
    /// The types, by bits.
    pub types: u8,
    /// The most jobs.
    pub limit: u8,
    /// For how many microseconds.
    pub lease: u8,
    /// Due by so many microseconds from now.
    pub due_by: Option<i8>,
}

/// A filter; each part is left out or given.
#[derive(Clone, Debug)]
pub struct FilterPlan {
    /// These jobs, deleted ones among them.
    pub ids: Option<Vec<usize>>,
    /// From one job's id to another's, which may be the wrong way round.
    pub id_range: Option<(usize, usize)>,
    /// These types, by bits.
    pub types: Option<u8>,
    /// These queues, by bits.
    pub queues: Option<u8>,
    /// These statuses, by bits.
    pub statuses: Option<u8>,
    /// This target.
    pub target: Option<u8>,
    /// This tag.
    pub tag: Option<u8>,
    /// Ready so many microseconds from now.
    pub ready_at: Option<i8>,
}

/// A deletion of old jobs.
#[derive(Clone, Debug)]
pub struct Prune {
    /// Those that ended before so many microseconds from now.
    pub before: i8,
    /// In these statuses, by bits.
    pub statuses: u8,
    /// Of these types, by bits.
    pub types: Option<u8>,
    /// At most so many.
    pub limit: u8,
    /// But for the newest so many of each type and target.
    pub keep_newest: Option<u8>,
}

/// A note, or what one is about.
#[derive(Clone, Debug)]
pub struct NotePlan {
    /// A job, a section or the store.
    pub about: u8,
    /// Which job.
    pub job: usize,
    /// Its kind and body.
    pub body: u8,
}
