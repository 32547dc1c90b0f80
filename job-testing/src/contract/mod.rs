//! The promises of a store, one clause each, and the macro that makes them a store's tests.
//!
//! A clause is listed here, once; every store has a test of its name. `cargo xtask tidy` compares what is
//! listed with what is declared.

pub mod args;
pub mod claim;
pub mod claim_limits;
pub mod claim_order;
pub mod deletion;
pub mod exchange;
pub mod filters;
pub mod insert;
pub mod keys_return;
pub mod keys_table;
pub mod lease;
pub mod lifecycle;
pub mod listing;
pub mod locks;
pub mod mint;
pub mod notes;
pub mod operations;
pub mod pauses;
pub mod races;
pub mod ready;
pub mod replies;
pub mod rescue;
pub mod retention;
pub mod source;
pub mod source_keys;
pub mod switches;
pub mod turns;
pub mod uniqueness;

use crate::Fixture;
use job_core::{Job, JobId};
use std::time::Duration;
use tokio::{runtime::Builder, time::timeout};

/// How long a clause may take: long enough for a slow disk, and the end of a deadlock.
const LONGEST: Duration = Duration::from_secs(120);

/// Makes a test of every clause of the contract, and of the reference model, for the store that `$open` opens.
///
/// `$open` is an async closure without arguments that gives a [`Fixture`], or an
/// [`Opened`](job_core::store::Opened) that needs nothing around it, of a new and empty store. It writes a module for
/// each theme (`claim`, `notes`, …), so give it a file or a module of its own.
#[macro_export]
macro_rules! store_contract {
    ($open:expr) => {
        $crate::__store_contract!($open;
            insert::{
                a_new_job_is_waiting_as_asked_for, the_requester_is_kept,
                answers_come_in_the_order_of_the_jobs, a_batch_of_a_thousand_creates_each_job,
                an_empty_batch_is_nothing, the_same_batch_again_is_answered_created,
                the_same_insert_again_gives_the_job_as_it_is_now, the_same_job_twice_in_a_batch_is_one_job,
                an_id_with_another_spec_is_taken, a_bad_row_spoils_no_neighbour,
                a_start_is_resolved_by_the_insert, a_start_may_be_at_either_end_of_time,
                the_clock_of_the_store_dates_a_job, racing_inserts_of_different_jobs_create_all,
                a_dropped_insert_is_done_wholly_or_not_at_all,
            }
            uniqueness::{
                of_equal_keys_in_a_batch_the_first_wins, a_held_key_names_its_holder,
                jobs_without_a_key_are_never_the_same, each_type_has_keys_of_its_own,
                keys_are_compared_byte_by_byte, long_keys_differ_by_their_last_byte,
                a_key_is_held_as_its_scope_says, a_key_is_one_key_in_all_scopes,
                a_deleted_job_gives_its_key_up, racing_inserts_create_exactly_one,
                racing_batches_create_each_key_once,
            }
            keys_return::{
                a_free_key_is_taken_back, a_mover_is_superseded_by_the_holder,
                a_superseded_job_is_not_deleted, a_requeue_is_refused_while_the_key_is_taken,
                a_superseding_change_may_be_sent_again, a_stale_change_is_stale_whoever_holds_the_key,
                a_key_freed_in_the_batch_is_free, of_two_movers_in_a_batch_the_first_gets_the_key,
                a_taken_key_spoils_no_neighbour, a_rescued_job_is_superseded_by_the_holder,
                racing_movers_leave_the_key_to_one, an_insert_races_with_a_mover,
            }
            keys_table::{
                every_verb_keeps_the_table_of_scopes,
            }
            turns::{
                a_claim_starts_only_the_first_of_a_turn, a_turn_is_held_until_the_run_ends,
                only_running_jobs_hold_their_turn, a_turn_spans_types_and_queues,
                turns_are_compared_byte_by_byte, jobs_passed_over_do_not_count, a_waiting_job_blocks_no_turn,
                a_deleted_job_gives_its_turn_up, an_ended_lease_does_not_give_a_turn_up,
                racing_claims_never_start_two_of_a_turn,
            }
            claim::{
                a_started_job_is_what_the_core_makes_of_it, every_start_counts_an_attempt,
                only_waiting_jobs_are_started, nothing_is_started_early, what_was_due_before_is_started,
                a_start_at_the_end_of_time_comes_then, the_clock_of_the_store_decides_what_is_due,
                a_lease_may_have_any_length, racing_claims_never_share_a_job,
                claims_beside_inserts_lose_nothing, a_dropped_claim_leaves_no_job_running,
                a_claim_of_nothing_is_empty,
            }
            claim_order::{
                a_higher_priority_is_started_first, an_earlier_start_is_started_first,
                an_older_id_is_started_first, priority_counts_before_the_start,
                limited_claims_start_all_in_order, a_job_that_waits_again_is_placed_anew,
                any_claim_starts_the_first_of_what_is_due,
            }
            claim_limits::{
                other_queues_are_left, other_types_are_left, several_types_are_claimed_in_one_order,
                a_claim_may_name_a_thousand_types, a_claim_of_no_types_starts_nothing,
                a_claim_keeps_its_limit, a_claim_of_a_thousand_starts_them_all,
                a_claim_leaves_what_became_due_later, a_claim_due_by_the_future_starts_nothing_early,
            }
            pauses::{
                a_paused_queue_is_left, a_paused_type_is_left, a_pause_is_of_a_queue_or_a_type,
                a_pause_stops_starts_alone, a_pause_counts_for_every_claim_after_it,
            }
            lifecycle::{
                every_verb_is_written_as_the_core_answers, a_completed_job_is_dated,
                a_failed_job_is_dated_and_keeps_its_error, a_requeued_job_begins_anew,
                a_resumed_job_is_started_again, a_retry_moves_to_another_queue,
                a_change_touches_its_own_job_only, the_spec_never_changes, a_deleting_change_leaves_no_row,
                a_stale_deleting_change_deletes_nothing,
            }
            replies::{
                the_second_change_of_one_look_is_stale, a_change_sent_again_is_already_applied,
                a_batch_sent_again_is_already_applied, the_change_of_another_actor_is_stale,
                another_change_of_the_same_actor_is_stale, a_change_is_not_taken_for_another_of_its_actor,
                a_change_sent_too_late_is_stale,
                who_lost_the_job_cannot_change_it, a_change_of_a_deleted_job_is_gone,
                a_second_change_of_a_job_in_a_batch_is_stale, a_bad_change_spoils_no_neighbour,
                a_batch_of_a_thousand_changes_is_applied, a_dropped_batch_may_be_sent_again,
                an_empty_batch_of_changes_is_nothing,
            }
            races::{
                of_racing_changes_one_wins, a_change_sent_many_times_at_once_is_applied_once,
                racing_batches_in_opposite_orders_all_end, every_look_shows_one_holder_of_each_key_and_turn,
            }
            lease::{
                a_renewed_lease_lasts_from_now, a_renewal_never_shortens_a_lease,
                a_renewal_changes_no_revision, the_last_progress_is_kept, a_new_run_has_no_progress,
                a_lease_is_lost_with_the_revision, a_cancelled_job_is_lost_at_the_next_renewal,
                a_late_renewal_counts_while_nobody_took_the_job, answers_come_in_the_order_of_the_leases,
                a_thousand_leases_are_renewed_at_once, a_lease_is_renewed_by_the_clock_it_is_given,
            }
            rescue::{
                a_job_lapses_when_its_lease_ends, only_running_jobs_lapse, lapsed_jobs_are_given_by_id,
                the_clock_of_the_store_ends_leases, a_rescued_job_is_started_again,
                a_renewal_holds_a_rescue_off, a_rescue_needs_an_ended_lease,
                a_late_completion_counts_while_nobody_took_the_job, racing_rescuers_take_a_job_once,
                a_renewal_races_with_a_rescue,
            }
            notes::{
                notes_are_given_newest_first, notes_are_given_by_what_they_hang_on_and_kind,
                pages_of_notes_neither_skip_nor_repeat, a_note_about_no_job_is_dropped,
                the_notes_of_a_job_go_with_it, numbers_grow_past_deleted_notes,
                the_note_of_a_change_is_kept_if_it_is_applied, a_batch_of_changes_keeps_its_notes,
                a_note_reads_back_equal, racing_appends_keep_all_notes,
            }
            switches::{
                switches_are_listed_in_their_order, a_switch_may_be_set_again, a_switch_goes_off_alone,
                racing_callers_set_a_switch_once,
            }
            listing::{
                lists_by_id_run_both_ways, the_order_of_claims_runs_queue_by_queue,
                the_order_of_claims_is_that_of_claims, pages_give_the_whole_list, the_last_page_has_no_next,
                a_limit_may_be_the_greatest_number, a_list_of_nothing_is_empty, a_walk_by_id_is_not_shifted,
                a_walk_in_the_order_of_claims_is_not_shifted,
            }
            filters::{
                filters_give_what_fits_every_part, an_empty_list_lets_nothing_through,
                a_range_has_both_its_ends, named_jobs_are_listed_once, a_filter_may_name_forty_thousand_jobs,
                labels_are_compared_byte_by_byte, a_prefix_finds_jobs, ready_is_what_waits_and_is_due,
                ready_looks_at_pauses_and_turns, a_count_stops_at_its_cap,
            }
            deletion::{
                named_jobs_are_deleted_and_no_others, a_named_job_goes_whatever_its_status,
                a_deletion_may_name_forty_thousand_jobs, a_deleted_job_may_be_inserted_again, a_second_life_is_safe_from_the_first,
                racing_deletions_count_each_job_once, claims_beside_deletions_end_as_gone,
            }
            retention::{
                a_job_goes_when_it_ended_before, a_pending_job_is_never_old, a_requeued_job_is_not_old,
                only_the_named_types_go, the_oldest_go_first, the_newest_of_each_target_stay,
                the_newest_are_counted_among_all_final_jobs, what_stays_does_not_count,
            }
            locks::{
                a_taken_lock_names_its_holder, the_holder_may_ask_again, a_lock_is_free_when_its_lease_ends,
                a_late_holder_takes_its_lock_again, a_lock_given_up_is_free,
                nobody_gives_up_the_lock_of_another, locks_of_other_names_are_others,
                a_lock_may_be_taken_to_the_end_of_time, the_clock_of_the_store_ends_locks,
                of_racing_callers_one_takes_the_lock,
            }
            args::{
                any_args_read_back_equal, the_largest_args_read_back_equal, the_text_of_args_is_kept,
                any_spec_reads_back_equal, any_state_reads_back_equal,
            }
            exchange::{
                an_exchange_applies_and_claims, an_exchange_may_have_one_side_only,
                a_bad_change_does_not_hinder_the_claim, the_next_of_a_turn_starts_in_this_claim_or_the_next,
                an_exchange_may_be_sent_again, racing_exchanges_run_every_job_once,
            }
            operations::{
                an_operation_gives_the_job_as_stored, an_impossible_operation_changes_nothing,
                an_operation_gives_way_to_the_holder_of_the_key, racing_operators_each_find_the_job_as_it_is,
                a_cancel_beside_a_claim_cancels,
            }
            source::{
                a_created_job_is_read_back, options_count_for_more_than_the_type, many_are_created_at_once,
                an_invalid_job_keeps_all_from_being_created, a_job_of_any_type_is_found_by_its_id,
                a_job_of_another_type_is_not_found, args_of_another_shape_are_told_apart,
                without_a_key_every_job_is_another, a_job_is_cancelled_by_its_source,
            }
            source_keys::{
                a_second_acquire_gives_the_same_job, racing_acquires_create_exactly_one,
                many_with_equal_keys_create_the_first, a_unique_job_never_overlaps_itself,
                a_turn_of_the_type_spans_keys, the_scope_pending_holds_until_the_end,
                the_scope_kept_holds_until_the_row_is_deleted, a_key_with_a_period_is_one_per_period,
            }
            ready::{
                a_new_job_is_ready_after_the_others, only_waiting_jobs_are_ready,
                a_job_is_ready_from_its_scheduled_start, jobs_of_other_types_do_not_come,
                a_long_walk_gives_every_job_once, a_walk_gives_no_job_twice, a_walk_goes_on_behind_bad_args,
                ready_is_what_claims_without_limit_start,
            }
            mint::{
                ids_of_a_handle_grow, no_id_is_minted_twice, all_handles_tell_one_time,
            }
        );

        #[test]
        fn agrees_with_the_reference_model() {
            $crate::model::agrees_with_the_reference_model(__fixture);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_contract {
    ($open:expr; $($module:ident::{$($clause:ident),* $(,)?})*) => {
        async fn __fixture() -> $crate::Fixture {
            ($open)().await.into()
        }

        $(mod $module {
            $(#[test]
            fn $clause() {
                $crate::contract::check(super::__fixture, $crate::contract::$module::$clause);
            })*
        })*
    };
}

/// Holds the store that `open` opens to `clause`, on a runtime of its own with four threads.
///
/// # Panics
///
/// If the store breaks the promise, or the clause takes longer than two minutes.
pub fn check<F: Into<Fixture>>(open: impl AsyncFnOnce() -> F, clause: impl AsyncFnOnce(Fixture)) {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime can be started").block_on(async {
        let fixture = open().await.into();
        let ended = timeout(LONGEST, clause(fixture)).await;
        assert!(ended.is_ok(), "the clause did not end within {LONGEST:?}: a deadlock, or a very slow store");
    });
}

/// The jobs' ids.
fn ids(jobs: &[Job]) -> Vec<JobId> {
    jobs.iter().map(|it| it.id).collect()
}
