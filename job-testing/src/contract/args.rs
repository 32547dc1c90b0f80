//! What is written reads back equal: args, labels, keys, and every state there can be.

use crate::{Fixture, property};
use job_core::{
    ActorId, COUNT_MAX, Change, Clock, Job, JobId, JobState, JobStatus, Json, JsonLimits, Lease, NewJob,
    Progress, QueueName, Reply, Requester, Start, StateParts, Tag, Target, Text, Timestamp, Turn, Unique,
    UniqueKey, UniqueScope, store::Inserted,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Any JSON that the core accepts.
fn json() -> impl Strategy<Value = Value> {
    let float = any::<f64>().prop_filter("JSON has no such float", |it| it.is_finite());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        float.prop_map(Value::from),
        select(vec![1e16, -0.0, 0.1, 1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE]).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text(), inner), 0..6).prop_map(Value::from_iter),
        ]
    })
}

/// Any text without NUL, which the core refuses.
fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|it| it.replace('\0', "\u{1}"))
}

fn label() -> impl Strategy<Value = String> {
    "[^\\p{Cc}]{1,40}"
}

fn time() -> impl Strategy<Value = Timestamp> {
    let inside = Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros();
    prop_oneof![
        4 => inside.prop_map(Timestamp::from_micros),
        1 => select(vec![Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX]),
    ]
}

/// Any JSON that the core accepts is kept byte for byte: floats to their last bit, any text, any nesting.
pub async fn any_args_read_back_equal(store: Fixture) {
    property::holds(48, &vec(json(), 1..12), async |values| {
        let job = |value: &Value| NewJob { args: Json::of(value).expect("it is accepted"), ..store.job() };
        let jobs: Vec<_> = values.iter().map(job).collect();
        store.insert(&jobs).await;
        for (new, value) in jobs.iter().zip(&values) {
            let args = store.get(new.id).await.spec.args;
            assert_eq!(args, new.args);
            assert_eq!(&args.decode::<Value>().expect("it is JSON"), value);
        }
    });
}

/// Args may be as deep and as long as the core accepts.
pub async fn the_largest_args_read_back_equal(store: Fixture) {
    let JsonLimits { bytes, depth } = JsonLimits::default();
    let deep = (0..depth).fold(Value::from("é"), |inner, n| match n % 2 {
        0 => Value::from(vec![inner]),
        _ => Value::from(Map::from_iter([("k".to_owned(), inner)])),
    });
    let long = Value::from("é".repeat(bytes / 2 - 1));
    let jobs = [deep, long].map(|it| NewJob { args: Json::of(&it).expect("it is accepted"), ..store.job() });
    assert_eq!(jobs[1].args.as_str().len(), bytes);
    store.insert(&jobs).await;
    for new in &jobs {
        assert!(store.get(new.id).await.spec.args == new.args, "args of {} bytes", new.args.as_str().len());
    }
    let started = store.start(&store.claim()).await;
    assert!(started.iter().zip(&jobs).all(|(job, new)| job.spec.args == new.args), "in a claim too");
}

/// The text of args is kept as it is: nothing is reordered, collapsed or made shorter.
pub async fn the_text_of_args_is_kept(store: Fixture) {
    for text in
        ["{ \"b\": 1,\n\t\"a\": 2, \"b\": 3 }", "1E5", "1.0", "10000000000000000.0", "\"\\u00e9\"", "[ ]"]
    {
        let job = store.create(&NewJob { args: Json::stored(text), ..store.job() }).await;
        assert_eq!(store.get(job.id).await.spec.args.as_str(), text);
    }
}

/// Whatever a job was asked with reads back equal: labels in any script, tags in their order, keys, counts
/// and dates.
pub async fn any_spec_reads_back_equal(store: Fixture) {
    let labels = (option::of(label()), vec(label(), 0..=16), option::of(label()));
    let keys = (option::of((text(), select(UniqueScope::ALL.to_vec()))), option::of(text()));
    let input = (labels, keys, any::<i16>(), any::<u32>(), (time(), time()));
    property::holds(64, &input, async |(labels, keys, priority, max_retries, (start, now))| {
        let (target, tags, requester) = labels;
        let (unique, turn) = keys;
        let id = store.mint();
        let unique = unique.map(|(key, scope)| {
            let key = UniqueKey::of(&(id, key)).expect("it is accepted");
            Unique { key, scope }
        });
        let new = NewJob {
            id,
            target: target.map(|it| Target::new(it).expect("it is a label")),
            tags: tags.into_iter().map(|it| Tag::new(it).expect("it is a label")).collect(),
            requester: requester.map(|it| Requester::new(it).expect("it is a label")),
            unique,
            turn: turn.map(Turn::new),
            priority,
            max_retries,
            start: Start::At(start),
            ..store.job()
        };
        let clock = Clock::At(now);
        let inserted =
            store.store.insert(std::slice::from_ref(&new), clock).await.expect("the store inserts");
        assert_eq!(inserted, [Inserted::Created(new.created(now))]);
        assert_eq!(store.get(id).await, new.created(now));
    });
}

/// Whatever state a change writes reads back equal: every phase, any count, date, error, reason and progress.
pub async fn any_state_reads_back_equal(store: Fixture) {
    let count = || prop_oneof![0..4_u32, Just(COUNT_MAX), 0..=COUNT_MAX];
    let words = || option::of(prop_oneof![text(), Just("é".repeat(5000))].prop_map(Text::from));
    let phase =
        (select(JobStatus::ALL.to_vec()), time(), option::of((0..=100_u8, words())), any::<[bool; 3]>());
    let input =
        (phase, (count(), count()), (time(), option::of(time())), (words(), words()), any::<[u128; 3]>());
    property::holds(96, &input, async |(phase, counts, dates, texts, numbers)| {
        let (status, at, progress, [holds_key, holds_turn, superseded]) = phase;
        let turn = Some(Turn::new(store.mint()));
        let key = store.mint().to_string();
        let job = store.create(&NewJob { turn: turn.clone(), ..store.keyed(&key) }).await;
        let [by, holder, other] = numbers.map(Uuid::from_u128);
        let by = ActorId::from_uuid(by);
        let progress = progress.map(|(percent, text)| Progress { percent, text });
        let lease = Lease { holder: ActorId::from_uuid(holder), expires: at, progress };
        let runs = status == JobStatus::Running;
        let state = JobState::restore(StateParts {
            status,
            queue: QueueName::new("a/b.c-d_E").expect("it is a name"),
            attempt_count: counts.0,
            crash_count: counts.1,
            scheduled_start: dates.0,
            date_started: dates.1,
            date_finished: status.is_final().then_some(at),
            lease: runs.then_some(lease),
            last_error: texts.0,
            reason: texts.1,
            held_key: if holds_key { job.state.held_key().cloned() } else { None },
            running_key: if runs && holds_turn { turn } else { None },
            superseded_by: superseded.then(|| JobId::from_uuid(other)),
            changed_by: Some(by),
            revision: job.state.revision().next(),
        })
        .expect("the parts belong together");
        assert_eq!(store.change(&Change::new(&job, state.clone(), by)).await, Reply::Applied);
        assert_eq!(store.get(job.id).await, Job { state, ..job });
    });
}
