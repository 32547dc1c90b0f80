//! Notes: append-only, newest first, and gone with their job.

use crate::{Fixture, factory, race};
use job_core::{
    About, ActionNote, Change, Job, JobStatus, Json, NewJob, Note, NoteFilter, NoteKind, Noted, Reply, Then,
    Timestamp, store::Deletion,
};
use std::collections::BTreeSet;

fn note(about: About, action: &str) -> Note {
    let body = ActionNote { action: action.into(), who: "the test".into(), reason: None };
    Note::action(about, factory::noon(), &body)
}

fn texts(noted: &[Noted]) -> Vec<String> {
    let text = |it: &Noted| it.note.body.decode::<ActionNote>().expect("it is an action").action.to_string();
    noted.iter().map(text).collect()
}

/// Notes are given newest first, and their numbers grow in the order in which they were appended.
pub async fn notes_are_given_newest_first(store: Fixture) {
    let about = [About::Store, About::Section(factory::named("s")), About::Store];
    let [a, b, c] = [0, 1, 2].map(|n| note(about[n].clone(), ["a", "b", "c"][n]));
    store.append(&[a, b]).await;
    store.append(&[c]).await;
    let noted = store.noted(&NoteFilter::default()).await;
    assert_eq!(texts(&noted), ["c", "b", "a"]);
    assert!(noted.is_sorted_by(|later, earlier| later.number > earlier.number));
    assert_eq!(store.another().await.noted(&NoteFilter::default()).await, noted, "by every handle");
}

/// The parts of a filter are all asked for: what a note hangs on, its kind, and below which number.
pub async fn notes_are_given_by_what_they_hang_on_and_kind(store: Fixture) {
    let jobs = [store.create(&store.job()).await.id, store.create(&store.job()).await.id];
    let section = |name| About::Section(factory::named(name));
    let hooks = [About::Job(jobs[0]), About::Job(jobs[1]), section("s"), section("S"), About::Store];
    let mut all = Vec::new();
    for kind in NoteKind::ALL {
        for about in &hooks {
            all.push(Note { kind, ..note(about.clone(), "it") });
        }
    }
    store.append(&all).await;
    all.reverse();
    for about in hooks.iter().map(Some).chain([None]) {
        for kind in NoteKind::ALL.into_iter().map(Some).chain([None]) {
            let fits = |it: &&Note| {
                about.is_none_or(|about| it.about == *about) && kind.is_none_or(|kind| it.kind == kind)
            };
            let expected: Vec<_> = all.iter().filter(fits).cloned().collect();
            let filter = NoteFilter { about: about.cloned(), kind, below: None };
            let noted = store.noted(&filter).await;
            let middle = noted[noted.len() / 2].number;
            assert_eq!(noted.iter().map(|it| it.note.clone()).collect::<Vec<_>>(), expected);
            let below = store.noted(&NoteFilter { below: Some(middle), ..filter }).await;
            assert_eq!(below, noted.into_iter().filter(|it| it.number < middle).collect::<Vec<_>>());
        }
    }
}

/// Page by page, each below the last number, notes come once each, also while others are appended.
pub async fn pages_of_notes_neither_skip_nor_repeat(store: Fixture) {
    let batch: Vec<_> = (0..23).map(|n| note(About::Store, &n.to_string())).collect();
    store.append(&batch).await;
    let (mut seen, mut filter) = (Vec::new(), NoteFilter::default());
    loop {
        let page = store.notes.notes(&filter, factory::limit(5)).await.expect("the store answers");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 5);
        filter.below = Some(last.number);
        seen.extend(texts(&page));
        assert!(seen.len() <= 23, "each comes once");
        store.append(&[note(About::Store, "meanwhile")]).await;
    }
    assert_eq!(seen, (0..23).rev().map(|n: i32| n.to_string()).collect::<Vec<_>>());
}

/// A note about a job that is not there is dropped; its neighbours are kept.
pub async fn a_note_about_no_job_is_dropped(store: Fixture) {
    let (job, gone) = (store.create(&store.job()).await, store.create(&store.job()).await);
    store.delete(&Deletion::Ids(vec![gone.id])).await;
    let about = |id| About::Job(id);
    let batch = [
        note(about(gone.id), "gone"),
        note(about(job.id), "first"),
        note(about(store.mint()), "never"),
        note(About::Store, "second"),
    ];
    store.append(&batch).await;
    assert_eq!(texts(&store.noted(&NoteFilter::default()).await), ["second", "first"]);
    store.append(&batch[..1]).await;
    store.append(&[]).await;
    assert_eq!(store.noted(&NoteFilter::default()).await.len(), 2);
}

/// A job's notes go with it, however it is deleted; other notes stay.
pub async fn the_notes_of_a_job_go_with_it(store: Fixture) {
    let named = store.create(&store.job()).await;
    let old = store.at(JobStatus::Cancelled, &store.job()).await;
    let kept = store.create(&store.job()).await;
    let completing = store.running(&NewJob { priority: 1, ..store.job() }).await;
    for job in [&named, &old, &completing, &kept] {
        store.append(&[note(About::Job(job.id), "a"), note(About::Job(job.id), "b")]).await;
    }
    store.append(&[note(About::Store, "store")]).await;
    let complete = factory::change(&completing, completing.complete(store.now()));
    let complete = complete.with_note(note(About::Job(completing.id), "done"));
    assert_eq!(store.change(&Change { then: Then::Delete, ..complete }).await, Reply::Applied);
    store.delete(&Deletion::Ids(vec![named.id])).await;
    let last = Deletion::Final {
        before: Timestamp::MAX,
        statuses: vec![JobStatus::Cancelled],
        types: None,
        limit: factory::limit(10),
        keep_newest: None,
    };
    assert_eq!(store.delete(&last).await, 1);
    for job in [&named, &old, &completing] {
        assert_eq!(store.notes_about(job.id).await, []);
    }
    assert_eq!(texts(&store.noted(&NoteFilter::default()).await), ["store", "b", "a"]);
}

/// A note's number is greater than that of every note before it, those included that are gone by now.
pub async fn numbers_grow_past_deleted_notes(store: Fixture) {
    let mut last = i64::MIN;
    for _ in 0..3 {
        let job = store.create(&store.job()).await;
        store.append(&[note(About::Job(job.id), "it")]).await;
        let number = store.noted(&NoteFilter::default()).await[0].number;
        assert!(number > last, "{number} after {last}");
        last = number;
        assert_eq!(store.delete(&Deletion::Ids(vec![job.id])).await, 1);
        assert_eq!(store.noted(&NoteFilter::default()).await, []);
    }
}

/// A change's note is kept if the change is applied, once, and not if it is refused.
pub async fn the_note_of_a_change_is_kept_if_it_is_applied(store: Fixture) {
    let job = store.running(&store.job()).await;
    let now = store.now();
    let with_note = |change: Change, text| change.with_note(note(About::Job(job.id), text));
    let complete = with_note(factory::change(&job, job.complete(now)), "applied");
    let stale = with_note(factory::change(&job, job.fail("it broke".into(), now)), "stale");
    assert_eq!(store.change(&complete).await, Reply::Applied);
    assert_eq!(store.change(&complete).await, Reply::AlreadyApplied);
    assert_eq!(store.change(&stale).await, Reply::Stale);
    assert_eq!(store.notes_about(job.id).await, [note(About::Job(job.id), "applied")]);
    store.delete(&Deletion::Ids(vec![job.id])).await;
    let gone = complete.with_note(note(About::Store, "gone"));
    assert_eq!(store.change(&gone).await, Reply::Gone);
    assert_eq!(store.noted(&NoteFilter::default()).await, []);
}

/// The notes of a batch of changes are kept, each with its own.
pub async fn a_batch_of_changes_keeps_its_notes(store: Fixture) {
    store.insert(&store.jobs(50)).await;
    let jobs = store.start(&store.claim()).await;
    let fail = |it: &Job| factory::change(it, it.fail("it broke".into(), store.now()));
    let noted = |it: &Job| fail(it).with_note(note(About::Job(it.id), &it.id.to_string()));
    let changes: Vec<_> = jobs.iter().map(noted).collect();
    store.apply(&changes).await;
    for job in &jobs {
        assert_eq!(store.notes_about(job.id).await, [note(About::Job(job.id), &job.id.to_string())]);
    }
}

/// A note reads back equal: its kind, what it hangs on, its date from one end of time to the other, its text.
pub async fn a_note_reads_back_equal(store: Fixture) {
    let job = store.create(&store.job()).await.id;
    let mut batch = Vec::new();
    for (at, text) in
        [(Timestamp::MIN, "[1e16, \"Zoë 😀\\n\"]"), (Timestamp::EPOCH, "null"), (Timestamp::MAX, "{ }")]
    {
        for about in [About::Job(job), About::Section(factory::named("a/b.c-d_e")), About::Store] {
            batch.push(Note { about, kind: NoteKind::Run, at, body: Json::stored(text) });
        }
    }
    store.append(&batch).await;
    batch.reverse();
    let noted = store.noted(&NoteFilter::default()).await;
    assert_eq!(noted.into_iter().map(|it| it.note).collect::<Vec<_>>(), batch);
}

/// Notes that many append at the same moment are all kept, those of one call in their order.
pub async fn racing_appends_keep_all_notes(store: Fixture) {
    let handles = store.handles(4).await;
    race(16, |n| {
        let store = handles[n % handles.len()].clone();
        async move {
            let call: Vec<_> = (0..5).map(|step| note(About::Store, &format!("{n}/{step}"))).collect();
            store.append(&call).await;
        }
    })
    .await;
    let noted = store.noted(&NoteFilter::default()).await;
    assert_eq!(noted.iter().map(|it| it.number).collect::<BTreeSet<_>>().len(), 80);
    for n in 0..16 {
        let of_call: Vec<_> =
            texts(&noted).into_iter().filter(|it| it.starts_with(&format!("{n}/"))).collect();
        assert_eq!(of_call, (0..5).rev().map(|step| format!("{n}/{step}")).collect::<Vec<_>>());
    }
}
