//! Filters: which jobs are listed, and how many there are.

use crate::{Fixture, contract::ids, factory, property};
use job_core::{
    IdPrefix, Job, JobId, JobStatus, NewJob, QueueName, Start, Tag, Target, Timestamp, Turn, TypeName,
    store::{Counted, Filter, JobStoreExt, Order, Switch},
};
use proptest::{prelude::*, sample::subsequence};
use std::time::Duration;

/// A job for every status, of several types, queues, targets and tags.
async fn some(store: &Fixture) -> Vec<Job> {
    for n in 0..3 {
        for status in JobStatus::ALL {
            let type_name = factory::named(&format!("{status}-{n}"));
            let label = |text: &str| format!("{text} {n}");
            let new = NewJob {
                type_name,
                queue: factory::named(["default", "slow"][n % 2]),
                target: (n > 0).then(|| Target::new(label("Ziel")).expect("it is a label")),
                tags: (0..n).map(|tag| Tag::new(label(["é", "x"][tag])).expect("it is a label")).collect(),
                ..store.job()
            };
            store.at(status, &new).await;
        }
    }
    store.all().await
}

async fn fit(store: &Fixture, filter: &Filter) -> Vec<JobId> {
    let listed = ids(&store.list(filter, Order::Oldest).await);
    assert_eq!(store.count(filter).await, listed.len() as u64, "lists and counts agree on {filter:?}");
    listed
}

/// Every combination of a filter's parts gives the jobs that fit all of them, in lists and in counts.
pub async fn filters_give_what_fits_every_part(store: Fixture) {
    let jobs = some(&store).await;
    let all_ids = ids(&jobs);
    let types: Vec<TypeName> = jobs.iter().map(|it| it.spec.type_name.clone()).collect();
    let queues: Vec<QueueName> = ["default", "slow", "Slow"].map(factory::named).into();
    let targets: Vec<_> = jobs.iter().filter_map(|it| it.spec.target.clone()).collect();
    let tags: Vec<_> = jobs.iter().flat_map(|it| it.spec.tags.clone()).collect();
    let input = (
        prop::option::of(subsequence(all_ids.clone(), 0..all_ids.len())),
        prop::option::of((0..jobs.len(), 0..jobs.len())),
        prop::option::of(subsequence(types.clone(), 0..types.len())),
        prop::option::of(subsequence(queues, 0..3)),
        prop::option::of(subsequence(JobStatus::ALL.to_vec(), 0..6)),
        prop::option::weighted(0.3, prop::sample::select(targets)),
        prop::option::weighted(0.3, prop::sample::select(tags)),
    );
    property::holds(64, &input, async |(some_ids, range, types, queues, statuses, target, tag)| {
        let id_range = range.map(|(a, b)| all_ids[a.min(b)]..=all_ids[a.max(b)]);
        let filter = Filter { ids: some_ids, id_range, types, queues, statuses, target, tag, ready_at: None };
        let expected: Vec<_> = jobs.iter().filter(|it| filter.fits(it)).map(|it| it.id).collect();
        assert_eq!(fit(&store, &filter).await, expected, "{filter:?}");
    });
}

/// A part that is not given lets all through; an empty list lets none through.
pub async fn an_empty_list_lets_nothing_through(store: Fixture) {
    let jobs = some(&store).await;
    assert_eq!(fit(&store, &Filter::default()).await, ids(&jobs));
    let none = [
        Filter { ids: Some(vec![]), ..Filter::default() },
        Filter { types: Some(vec![]), ..Filter::default() },
        Filter { queues: Some(vec![]), ..Filter::default() },
        Filter { statuses: Some(vec![]), ..Filter::default() },
    ];
    for filter in none {
        assert_eq!(fit(&store, &filter).await, [], "{filter:?}");
    }
}

/// A range that ends before it begins lets nothing through; one that begins where it ends, one job.
pub async fn a_range_has_both_its_ends(store: Fixture) {
    let jobs = some(&store).await;
    let of =
        |from: usize, to: usize| Filter { id_range: Some(jobs[from].id..=jobs[to].id), ..Filter::default() };
    assert_eq!(fit(&store, &of(5, 4)).await, []);
    assert_eq!(fit(&store, &of(4, 4)).await, [jobs[4].id]);
    assert_eq!(fit(&store, &of(4, 5)).await, [jobs[4].id, jobs[5].id]);
    let everything = Filter { id_range: Some(JobId::BOUNDS), ..Filter::default() };
    assert_eq!(fit(&store, &everything).await, ids(&jobs));
}

/// What is named twice is listed once, and what is not there is left out.
pub async fn named_jobs_are_listed_once(store: Fixture) {
    let jobs = some(&store).await;
    let named = [jobs[3].id, jobs[1].id, store.mint(), jobs[3].id];
    assert_eq!(fit(&store, &Filter::ids(named)).await, [jobs[1].id, jobs[3].id]);
}

/// A filter may name very many jobs.
pub async fn a_filter_may_name_forty_thousand_jobs(store: Fixture) {
    let jobs = some(&store).await;
    let strangers = (0..40_000).map(|_| store.mint());
    let named: Vec<_> = [jobs[0].id].into_iter().chain(strangers).chain([jobs[5].id]).collect();
    assert_eq!(fit(&store, &Filter::ids(named)).await, [jobs[0].id, jobs[5].id]);
}

/// Targets and tags are compared whole and byte by byte, whatever is in them.
pub async fn labels_are_compared_byte_by_byte(store: Fixture) {
    let texts = [
        "é", "e\u{301}", "É", "a%", "a_", "ab", "a\"b", "a'b", "a\\b", "[\"ab\"]", " ab", "ab ", "😀", "a,b",
    ];
    for text in texts {
        let (target, tag) = (Target::new(text).expect("a label"), Tag::new(text).expect("a label"));
        let new = NewJob { target: Some(target), tags: vec![tag], ..store.job() };
        store.create(&new).await;
    }
    let jobs = store.all().await;
    for (text, job) in texts.iter().zip(&jobs) {
        let target = Filter { target: Target::new(text).ok(), ..Filter::default() };
        let tag = Filter { tag: Tag::new(text).ok(), ..Filter::default() };
        assert_eq!(fit(&store, &target).await, [job.id], "{text:?}");
        assert_eq!(fit(&store, &tag).await, [job.id], "{text:?}");
    }
}

/// A job is found by the beginning of its id; two jobs tell that it is ambiguous.
pub async fn a_prefix_finds_jobs(store: Fixture) {
    let jobs: Vec<_> =
        [0x10, 0x1f, 0x20].map(|byte| NewJob { id: JobId::v7(byte << 40, [7; 10]), ..store.job() }).into();
    store.insert(&jobs).await;
    for (prefix, expected) in
        [("1", vec![1, 0]), ("10", vec![0]), ("1F", vec![1]), ("2", vec![2]), ("3", vec![])]
    {
        let prefix: IdPrefix = factory::named(prefix);
        let found = store.store.get_by_prefix(&prefix).await.expect("the store lists");
        assert_eq!(
            ids(&found),
            expected.into_iter().map(|n: usize| jobs[n].id).collect::<Vec<_>>(),
            "{prefix}"
        );
    }
    let whole: IdPrefix = factory::named(&jobs[0].id.to_string());
    assert_eq!(ids(&store.store.get_by_prefix(&whole).await.expect("the store lists")), [jobs[0].id]);
}

/// Ready is what waits and is due: not early, not running, set aside or ended.
pub async fn ready_is_what_waits_and_is_due(store: Fixture) {
    let jobs = some(&store).await;
    let minute = Duration::from_secs(60);
    let now = store.now();
    let ahead = store.create(&NewJob { start: Start::In(minute), ..store.job() }).await;
    let behind = store.create(&NewJob { start: Start::At(now.before(minute)), ..store.job() }).await;
    let waiting = |it: &&Job| it.state.status() == JobStatus::Waiting;
    let mut expected: Vec<_> = jobs.iter().filter(waiting).map(|it| it.id).collect();
    expected.push(behind.id);
    let ready_at = |at| Filter { ready_at: Some(at), ..Filter::default() };
    assert_eq!(fit(&store, &ready_at(now)).await, expected);
    assert_eq!(fit(&store, &ready_at(now.before(minute))).await, [behind.id]);
    expected.insert(expected.len() - 1, ahead.id);
    assert_eq!(fit(&store, &ready_at(now + minute)).await, expected);
    assert_eq!(fit(&store, &ready_at(Timestamp::MAX)).await, expected);
    assert_eq!(fit(&store, &ready_at(Timestamp::MIN)).await, []);
}

/// What is paused is not ready, nor is a job whose turn runs; of two that wait for one turn, each taken alone
/// is.
pub async fn ready_looks_at_pauses_and_turns(store: Fixture) {
    let turn = |text| Some(Turn::new(text));
    let running = store.running(&NewJob { turn: turn("a"), ..store.job() }).await;
    let blocked = NewJob { turn: turn("a"), type_name: factory::named("other"), ..store.job() };
    let pair = [NewJob { turn: turn("b"), ..store.job() }, NewJob { turn: turn("b"), ..store.job() }];
    let paused_type = NewJob { type_name: factory::named("paused"), ..store.job() };
    let paused_queue = NewJob { queue: factory::named("paused"), ..store.job() };
    store
        .insert(&[
            blocked.clone(),
            pair[0].clone(),
            pair[1].clone(),
            paused_type.clone(),
            paused_queue.clone(),
        ])
        .await;
    for switch in [Switch::PauseType(factory::named("paused")), Switch::PauseQueue(factory::named("paused"))]
    {
        store.switch(&switch, true).await;
    }
    let ready = Filter { ready_at: Some(store.now()), ..Filter::default() };
    assert_eq!(fit(&store, &ready).await, [pair[0].id, pair[1].id]);
    store.moved(&factory::change(&running, running.complete(store.now()))).await;
    assert_eq!(fit(&store, &ready).await, [blocked.id, pair[0].id, pair[1].id]);
}

/// A count counts no further than its cap, and says whether it stopped there.
pub async fn a_count_stops_at_its_cap(store: Fixture) {
    store.insert(&store.jobs(5)).await;
    let counted =
        [(0, 0, true), (1, 1, true), (4, 4, true), (5, 5, false), (6, 5, false), (u64::MAX, 5, false)];
    for (cap, jobs, at_least) in counted {
        let answer = store.store.count(&Filter::default(), cap).await.expect("the store counts");
        assert_eq!(answer, Counted { jobs, at_least }, "with the cap {cap}");
    }
    let none = Filter { statuses: Some(vec![JobStatus::Failed]), ..Filter::default() };
    for cap in [0, 1] {
        let answer = store.store.count(&none, cap).await.expect("the store counts");
        assert_eq!(answer, Counted { jobs: 0, at_least: false }, "with the cap {cap}");
    }
}
