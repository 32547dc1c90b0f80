//! The bugs that a store can have, each of which some clause of the contract must catch.

macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident,)*) => {
        /// One deliberate bug of a [`Faulty`](super::Faulty) store.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Bug {
            $($(#[$doc])* $bug,)*
        }

        impl Bug {
            /// Every bug.
            pub const ALL: &[Self] = &[$(Self::$bug,)*];
        }
    };
}

bugs! {
    /// `mint` gives every id twice.
    MintsTwice,

    /// An insert does not look at held keys: the holder loses its key to the new job.
    IgnoresHeldKeys,
    /// An insert looks whether the key is free, and then inserts: right, but for races.
    LooksThenInserts,
    /// A batch is inserted in parts, so that a dropped call may be done in half.
    InsertsInParts,
    /// Keys that differ only in case are one key.
    FoldsKeys,
    /// An insert that is sent again is answered as if the id were another job's.
    RefusesResentInserts,
    /// Args are parsed and written again, so that members change places and numbers their form.
    NormalisesArgs,
    /// Starts are kept in milliseconds.
    RoundsTimes,
    /// A job is dated by the store's clock, whatever clock it was to go by.
    DatesByItsOwnClock,
    /// Each life of an id begins at the same revision.
    BeginsLivesAlike,

    /// A claim takes the longest due first.
    IgnoresPriority,
    /// A claim takes jobs of types that it was not asked for.
    ClaimsForeignTypes,
    /// A claim takes jobs of other queues.
    ClaimsOtherQueues,
    /// A claim takes one job more than its limit.
    ClaimsPastTheLimit,
    /// A claim does not look at scheduled starts.
    StartsEarly,
    /// A claim does not look at `due_by`.
    IgnoresDueBy,
    /// A claim does not look at pauses.
    IgnoresPauses,
    /// A claim does not look at the turns of running jobs.
    OverlapsTurns,
    /// A claim starts two jobs of one turn.
    StartsTwoOfATurn,
    /// A claim reads what is due, and then starts it, whoever started it in between: right, but for races.
    LooksThenClaims,
    /// A claim whose future is dropped has started its jobs all the same.
    KeepsUnreceivedClaims,
    /// A claim gives leases that have ended already.
    ForgetsTheLease,

    /// A change is applied whatever revision the job is at.
    IgnoresRevisions,
    /// A change is applied though the lease was renewed.
    IgnoresRenewals,
    /// A change takes a key back though another job holds it.
    RetakesHeldKeys,
    /// A change that should supersede is refused.
    RefusesToSupersede,
    /// A suspended job does not hold its key.
    FreesKeysOfSuspended,
    /// A change's note is not kept.
    LosesNotes,
    /// A row that should go with its completion stays.
    KeepsCompletedRows,
    /// The changes of a batch are applied one after the other, also two of one job, and keys are taken back before
    /// a later change gives them up.
    AppliesInBatchOrder,
    /// The replies to a batch come in reverse.
    RepliesInReverse,
    /// After the first change of a batch that is refused, the others are too.
    StopsAtTheFirstRefusal,
    /// A batch is cut after five hundred changes; the others are answered Stale.
    CutsLargeBatches,
    /// A change that is sent again is answered Stale.
    RefusesResentChanges,
    /// A change is taken for another that its actor made of the same look, to the same status.
    TakesOneChangeForAnother,
    /// A change to a job that is gone is answered Stale.
    CallsGoneStale,
    /// An exchange answers that its changes are applied, and only claims.
    ExchangesNothing,

    /// A renewal may make a lease end earlier.
    ShortensLeases,
    /// A renewal extends the lease of a job that another runner has by now.
    RevivesLostJobs,
    /// A renewal counts as a change.
    RenewsWithARevision,
    /// A renewal does not keep progress.
    LosesProgress,
    /// Every running job counts as lapsed.
    CallsRunningLapsed,

    /// Pages but the first begin with their second row.
    SkipsAtPageBorders,
    /// What is ready is listed without a look at pauses and turns.
    ListsBlockedAsReady,
    /// Counting does not stop at the cap.
    CountsPastTheCap,
    /// A deletion of old jobs takes pending ones, too.
    DeletesPending,
    /// A deletion of old jobs does not keep the newest.
    ForgetsKeepNewest,

    /// A held lock is given to whoever asks.
    GivesLocksTwice,
    /// A lock that is given up stays held.
    KeepsLocks,
    /// Notes come with the oldest first.
    ReversesNotes,
    /// What was switched on stays on.
    NeverSwitchesOff,
}
