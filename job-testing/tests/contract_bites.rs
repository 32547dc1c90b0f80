//! The contract bites: each deliberate bug is caught by the clause that is there for it, and all that it can meet by the model.

use job_core::{BoxFuture, store::Opened};
use job_store_mem::MemStore;
use job_testing::{
    Fixture,
    contract::{
        self, args, claim, claim_limits, claim_order, deletion, exchange, filters, insert, keys_return,
        lease, lifecycle, listing, locks, mint, notes, pauses, replies, rescue, retention, switches, turns,
        uniqueness,
    },
    faulty::{Bug, Faulty},
    model::Property,
};
use std::{
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

type Clause = fn(Fixture) -> BoxFuture<'static, ()>;

/// The clause that catches each bug, by name.
macro_rules! catches {
    ($($bug:ident: $module:ident::$clause:ident;)*) => {
        &[$((
            Bug::$bug,
            concat!(stringify!($module), "::", stringify!($clause)),
            |fixture| Box::pin($module::$clause(fixture)),
        ),)*]
    };
}

const CATCHES: &[(Bug, &str, Clause)] = catches! {
    MintsTwice: mint::ids_of_a_handle_grow;
    IgnoresHeldKeys: uniqueness::a_held_key_names_its_holder;
    LooksThenInserts: uniqueness::racing_inserts_create_exactly_one;
    InsertsInParts: insert::a_dropped_insert_is_done_wholly_or_not_at_all;
    FoldsKeys: uniqueness::keys_are_compared_byte_by_byte;
    RefusesResentInserts: insert::the_same_batch_again_is_answered_created;
    NormalisesArgs: args::the_text_of_args_is_kept;
    RoundsTimes: insert::a_start_is_resolved_by_the_insert;
    DatesByItsOwnClock: insert::a_new_job_is_waiting_as_asked_for;
    BeginsLivesAlike: deletion::a_second_life_is_safe_from_the_first;
    IgnoresPriority: claim_order::a_higher_priority_is_started_first;
    ClaimsForeignTypes: claim_limits::other_types_are_left;
    ClaimsOtherQueues: claim_limits::other_queues_are_left;
    ClaimsPastTheLimit: claim_limits::a_claim_keeps_its_limit;
    StartsEarly: claim::nothing_is_started_early;
    IgnoresDueBy: claim_limits::a_claim_leaves_what_became_due_later;
    IgnoresPauses: pauses::a_paused_queue_is_left;
    OverlapsTurns: turns::a_turn_is_held_until_the_run_ends;
    StartsTwoOfATurn: turns::a_claim_starts_only_the_first_of_a_turn;
    LooksThenClaims: claim::racing_claims_never_share_a_job;
    KeepsUnreceivedClaims: claim::a_dropped_claim_leaves_no_job_running;
    ForgetsTheLease: claim::a_started_job_is_what_the_core_makes_of_it;
    IgnoresRevisions: replies::the_second_change_of_one_look_is_stale;
    IgnoresRenewals: rescue::a_renewal_holds_a_rescue_off;
    RetakesHeldKeys: keys_return::a_requeue_is_refused_while_the_key_is_taken;
    RefusesToSupersede: keys_return::a_mover_is_superseded_by_the_holder;
    FreesKeysOfSuspended: uniqueness::a_key_is_held_as_its_scope_says;
    LosesNotes: notes::the_note_of_a_change_is_kept_if_it_is_applied;
    KeepsCompletedRows: lifecycle::a_deleting_change_leaves_no_row;
    AppliesInBatchOrder: keys_return::a_key_freed_in_the_batch_is_free;
    RepliesInReverse: replies::a_bad_change_spoils_no_neighbour;
    StopsAtTheFirstRefusal: replies::a_bad_change_spoils_no_neighbour;
    CutsLargeBatches: replies::a_batch_of_a_thousand_changes_is_applied;
    RefusesResentChanges: replies::a_change_sent_again_is_already_applied;
    TakesOneChangeForAnother: replies::a_change_is_not_taken_for_another_of_its_actor;
    CallsGoneStale: replies::a_change_of_a_deleted_job_is_gone;
    ExchangesNothing: exchange::an_exchange_applies_and_claims;
    ShortensLeases: lease::a_renewal_never_shortens_a_lease;
    RevivesLostJobs: lease::a_lease_is_lost_with_the_revision;
    RenewsWithARevision: lease::a_renewal_changes_no_revision;
    LosesProgress: lease::the_last_progress_is_kept;
    CallsRunningLapsed: rescue::a_job_lapses_when_its_lease_ends;
    SkipsAtPageBorders: listing::pages_give_the_whole_list;
    ListsBlockedAsReady: filters::ready_looks_at_pauses_and_turns;
    CountsPastTheCap: filters::a_count_stops_at_its_cap;
    DeletesPending: retention::a_pending_job_is_never_old;
    ForgetsKeepNewest: retention::the_newest_of_each_target_stay;
    GivesLocksTwice: locks::a_taken_lock_names_its_holder;
    KeepsLocks: locks::a_lock_given_up_is_free;
    ReversesNotes: notes::notes_are_given_newest_first;
    NeverSwitchesOff: switches::a_switch_goes_off_alone;
};

/// Bugs that only show when calls meet. Such a race may go well by luck, so it is run up to this often.
const RACES: (&[Bug], u32) = (&[Bug::LooksThenInserts, Bug::LooksThenClaims], 50);

/// Bugs that the model does not meet: it makes one call at a time, small ones, and waits for the answer.
const BEYOND_THE_MODEL: &[Bug] = &[
    Bug::LooksThenInserts,
    Bug::LooksThenClaims,
    Bug::InsertsInParts,
    Bug::KeepsUnreceivedClaims,
    Bug::CutsLargeBatches,
];

#[test]
fn every_bug_is_caught_by_the_clause_named_for_it() {
    let missed = CATCHES.iter().filter(|(bug, _, clause)| {
        let runs = if RACES.0.contains(bug) { RACES.1 } else { 1 };
        let open = async || faulty(*bug);
        let bites = |_| panic::catch_unwind(AssertUnwindSafe(|| contract::check(open, clause))).is_err();
        !(0..runs).any(bites)
    });
    let missed: Vec<_> = missed.map(|(bug, clause, _)| (bug, clause)).collect();
    assert!(missed.is_empty(), "bugs that their clauses do not notice: {missed:#?}");
}

#[test]
fn every_bug_has_a_clause() {
    let named = |bug: &Bug| CATCHES.iter().any(|(caught, ..)| caught == bug);
    let missed: Vec<_> = Bug::ALL.iter().filter(|it| !named(it)).collect();
    assert!(missed.is_empty(), "bugs that no clause is named for: {missed:?}");
}

#[test]
fn every_other_bug_is_caught_by_the_model() {
    let property = Property { histories: 1000, shrinks: 0 };
    let met = Bug::ALL.iter().filter(|it| !BEYOND_THE_MODEL.contains(it));
    let missed: Vec<_> = met.filter(|bug| property.check(async || faulty(**bug)).is_ok()).collect();
    assert!(missed.is_empty(), "bugs that the model agrees with: {missed:?}");
}

#[test]
fn a_faulty_store_is_right_but_for_its_bug() {
    for bug in BEYOND_THE_MODEL {
        let agrees = Property::default().check(async || faulty(*bug));
        assert!(agrees.is_ok(), "{bug:?}: {agrees:?}");
    }
}

fn faulty(bug: Bug) -> Opened {
    Opened::new("faulty", Arc::new(Faulty::new(MemStore::new(), bug)))
}
