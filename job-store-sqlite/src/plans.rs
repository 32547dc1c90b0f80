//! Tests: which index each statement uses. A plan that reads the whole table is right, and a thousand times slower.

use crate::{
    batch::SetEight,
    change::{OtherHolder, Remove, Set, SetBare},
    claim::{Due, Start, StartKeyed, StartKeyedRun, StartRun},
    insert::{Get, Holder},
    lease::{Lapsed, LapsedRow, Renew},
    migrate::migrate,
    statement::{Composed, Statement},
    watch::WorkIsDue,
};
use crate::{fields::Fields, list, notes};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use job_core::{
    About, JobId, JobStatus, NoteFilter, QueueName, Timestamp,
    store::{Cursor, Filter, Order, Page},
};
use std::num::NonZeroU32;

/// A migrated database, once as it begins and once with statistics that say that all is empty.
fn databases() -> [SqliteConnection; 2] {
    ["", "ANALYZE"].map(|sql| {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        migrate(&mut conn).unwrap();
        conn.batch_execute(sql).unwrap();
        conn
    })
}

fn explain(conn: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let query = Composed { sql: format!("EXPLAIN QUERY PLAN {sql}"), binds: Vec::new() };
    let mut plan = Vec::new();
    query
        .each(conn, |row| {
            plan.extend(Fields::at(row, 3).text().map(|it| it.to_string()));
            true
        })
        .unwrap();
    plan
}

/// The plan has each of `steps`, and nothing that walks a whole table or sorts.
fn uses(sql: &str, steps: &[&str]) {
    for mut conn in databases() {
        let plan = explain(&mut conn, sql);
        for step in steps {
            assert!(plan.iter().any(|it| it.starts_with(step)), "{step} is missing in {plan:#?}");
        }
        let scans = |it: &&String| it.starts_with("SCAN job") || it.contains("TEMP B-TREE");
        assert_eq!(plan.iter().find(scans), None, "{plan:#?}");
    }
}

const BY_ID: &str = "SEARCH job USING INDEX sqlite_autoindex_job_1 (id=?)";

#[test]
fn a_claim_walks_the_due_jobs_of_its_queue_in_their_order() {
    // Of each urgency what is due, and only behind many of them whatever waits. That nothing sorts, is in `uses`.
    let walks = [
        "CO-ROUTINE step",
        "SEARCH job USING INDEX job_due (queue=? AND urgency=? AND scheduled_start<?)",
        "SEARCH job USING INDEX job_due (queue=? AND urgency>?)",
    ];
    for sql in [Due::SQL, WorkIsDue::SQL] {
        uses(sql, &walks);
    }
    uses(
        Due::SQL,
        &[
            "SEARCH other USING COVERING INDEX job_turn (running_key=?)",
            "SEARCH job_switch USING PRIMARY KEY (kind=? AND name=?)",
        ],
    );
    for sql in [Start::SQL, StartKeyed::SQL] {
        uses(sql, &["SEARCH job USING INTEGER PRIMARY KEY (rowid=?)"]);
    }
    for sql in [StartRun::SQL, StartKeyedRun::SQL] {
        uses(sql, &["SEARCH job USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]);
    }
}

#[test]
fn what_is_in_the_way_of_an_insert_is_looked_up() {
    uses(Get::SQL, &[BY_ID]);
    uses(Holder::SQL, &["SEARCH job USING INDEX job_held (type=? AND held_key=?)"]);
}

#[test]
fn changes_and_renewals_go_by_id() {
    for sql in [Set::SQL, SetBare::SQL, SetEight::SQL, Remove::SQL, Renew::SQL] {
        uses(sql, &[BY_ID]);
    }
    uses(OtherHolder::SQL, &["SEARCH mine USING INDEX", "SEARCH other USING INDEX job_held"]);
    // A deleted job's notes are found by it; the plan of a deletion does not tell what its trigger does.
    uses("DELETE FROM job_note WHERE job = x'00'", &["SEARCH job_note USING INDEX job_note_job (job=?)"]);
}

#[test]
fn rescue_walks_the_running_jobs_only() {
    uses(Lapsed::SQL, &["SEARCH job USING INDEX job_running (status=?)"]);
    uses(LapsedRow::SQL, &["SEARCH job USING INTEGER PRIMARY KEY (rowid=?)"]);
}

#[test]
fn lists_walk_an_index_in_their_order() {
    let some = Filter::default();
    let trouble = Filter { statuses: Some(vec![JobStatus::Suspended, JobStatus::Failed]), ..some.clone() };
    let queue = QueueName::default();
    let ready =
        Filter { queues: Some(vec![queue.clone()]), ready_at: Some(Timestamp::EPOCH), ..some.clone() };
    let all_ready = Filter { ready_at: Some(Timestamp::EPOCH), ..some.clone() };
    let id = *JobId::BOUNDS.start();
    let (from_id, from_place) = (Cursor::Id(id), Cursor::Place { queue, place: (0, Timestamp::EPOCH, id) });
    for (filter, order, after, step) in [
        (&Filter::ids([id]), Order::Newest, None, BY_ID),
        (&Filter::ids([id, id]), Order::Oldest, None, BY_ID),
        (&some, Order::Newest, Some(&from_id), "SEARCH job USING INDEX sqlite_autoindex_job_1 (id<?)"),
        (&some, Order::Oldest, Some(&from_id), "SEARCH job USING INDEX sqlite_autoindex_job_1 (id>?)"),
        (&trouble, Order::Newest, Some(&from_id), "SEARCH job USING INDEX job_trouble (id<?)"),
        (&ready, Order::Claim, None, "SEARCH job USING INDEX job_due (queue=?)"),
        (&all_ready, Order::Claim, Some(&from_place), "SEARCH job USING INDEX job_due ((queue,urgency,"),
    ] {
        let page = Page { after: after.cloned(), ..Page::first(order, NonZeroU32::MIN) };
        let plans: Vec<String> =
            databases().iter_mut().flat_map(|conn| explain(conn, &list::query(filter, &page).sql)).collect();
        assert!(plans.iter().filter(|it| it.starts_with(step)).count() == 2, "{step} in {plans:#?}");
    }
}

#[test]
fn notes_are_found_by_what_they_are_about() {
    let id = *JobId::BOUNDS.start();
    for (about, step) in [
        (About::Job(id), "SEARCH job_note USING INDEX job_note_job (job=?"),
        (About::Section("s".parse().unwrap()), "SEARCH job_note USING INDEX job_note_section (section=?"),
        (About::Store, "SEARCH job_note USING INDEX job_note_store"),
    ] {
        let filter = NoteFilter { about: Some(about), below: Some(7), ..NoteFilter::default() };
        uses(&notes::query(&filter).sql, &[step]);
    }
}
