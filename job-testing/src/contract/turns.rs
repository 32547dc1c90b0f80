//! Turns: of the jobs that share one, at most one runs.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    Change, Job, JobStatus, NewJob, Reply, Start, Turn, TypeName, UniqueKey, Verb,
    store::{Claim, Deletion, Switch},
};
use std::{collections::BTreeSet, time::Duration};

fn with_turn(store: &Fixture, turn: &str) -> NewJob {
    NewJob { turn: Some(Turn::new(turn)), ..store.job() }
}

/// Of waiting jobs that share a turn a claim starts only the first, by priority, scheduled start and id.
pub async fn a_claim_starts_only_the_first_of_a_turn(store: Fixture) {
    let now = store.now();
    let old = NewJob { start: Start::At(now.before(Duration::from_secs(9))), ..with_turn(&store, "a") };
    let urgent = NewJob { priority: 1, ..with_turn(&store, "a") };
    let (b, later_b, free) = (with_turn(&store, "b"), with_turn(&store, "b"), store.job());
    store
        .insert(&[with_turn(&store, "a"), old, urgent.clone(), later_b.clone(), b.clone(), free.clone()])
        .await;
    let first_b = if b.id < later_b.id { &b } else { &later_b };
    let mut expected = vec![first_b.id, free.id];
    expected.sort_unstable();
    expected.insert(0, urgent.id);
    assert_eq!(ids(&store.start(&store.claim()).await), expected);
}

/// A started job holds its turn, which is given up by every verb that ends the run, and only then the next
/// starts.
pub async fn a_turn_is_held_until_the_run_ends(store: Fixture) {
    for verb in Verb::ALL {
        let type_name: TypeName = factory::named(verb.word());
        let of_turn =
            |store: &Fixture| NewJob { type_name: type_name.clone(), ..with_turn(store, verb.word()) };
        let claim = Claim { types: vec![type_name.clone()], ..store.claim() };
        let running = store.running(&of_turn(&store)).await;
        assert_eq!(running.state.running_key(), running.spec.turn.as_ref());
        let next = store.create(&of_turn(&store)).await;
        assert_eq!(store.start(&claim).await, [], "{verb}: the turn is taken");

        let now = store.now() + if verb == Verb::Lapse { factory::LEASE } else { Duration::ZERO };
        let Ok(state) = factory::perform(verb, &running, now) else { continue };
        let moved = store.moved(&factory::change(&running, Ok(state))).await;
        assert_eq!(moved.state.running_key(), None, "{verb}");
        let first =
            [&moved, &next].into_iter().filter(|it| it.state.is_due(store.now())).min_by_key(|it| it.place());
        assert_eq!(ids(&store.start(&claim).await), [first.expect("one is due").id], "{verb}");
    }
}

/// A job that does not run holds no turn, whatever its status.
pub async fn only_running_jobs_hold_their_turn(store: Fixture) {
    for (n, status) in (0..).zip(JobStatus::ALL) {
        let new =
            NewJob { type_name: factory::named(&format!("type-{n}")), ..with_turn(&store, &format!("{n}")) };
        let job = store.at(status, &new).await;
        assert_eq!(job.state.running_key().is_some(), status == JobStatus::Running, "{status}");
    }
}

/// A turn spans types and queues.
pub async fn a_turn_spans_types_and_queues(store: Fixture) {
    let running = store.running(&with_turn(&store, "proposal 42")).await;
    let other_type = NewJob { type_name: factory::named("other"), ..with_turn(&store, "proposal 42") };
    let other_queue = NewJob { queue: factory::named("other"), ..with_turn(&store, "proposal 42") };
    store.insert(&[other_type.clone(), other_queue.clone()]).await;
    let by_type = Claim { types: vec![factory::named("other"), factory::type_name()], ..store.claim() };
    let by_queue = Claim { queue: factory::named("other"), ..store.claim() };
    assert_eq!(store.start(&by_type).await, []);
    assert_eq!(store.start(&by_queue).await, []);
    store.moved(&factory::change(&running, running.complete(store.now()))).await;
    assert_eq!(ids(&store.start(&by_queue).await), [other_queue.id]);
    assert_eq!(store.start(&by_type).await, []);
}

/// Turns are compared byte by byte, and an application's turn is never that of a unique key.
pub async fn turns_are_compared_byte_by_byte(store: Fixture) {
    let key = UniqueKey::stored("k");
    let mut turns: Vec<_> = ["k", "K", "k ", "é", "e\u{301}", "😀", "test:k", ""].map(Turn::new).into();
    turns.push(Turn::of_key(&factory::type_name(), &key));
    let jobs: Vec<_> = turns.into_iter().map(|it| NewJob { turn: Some(it), ..store.job() }).collect();
    store.insert(&jobs).await;
    let started = store.start(&store.claim()).await;
    assert_eq!(started.len(), jobs.len());
    for (job, new) in started.iter().zip(&jobs) {
        assert_eq!(job.state.running_key(), new.turn.as_ref());
    }
}

/// Jobs that are passed over because of their turn do not use up the limit of a claim.
pub async fn jobs_passed_over_do_not_count(store: Fixture) {
    let holder = store.running(&with_turn(&store, "taken")).await;
    let mut jobs: Vec<_> = (0..20).map(|_| NewJob { priority: 2, ..with_turn(&store, "taken") }).collect();
    jobs.extend((0..20).map(|_| NewJob { priority: 1, ..with_turn(&store, "free") }));
    let plain = store.jobs(3);
    jobs.extend(plain.clone());
    store.insert(&jobs).await;
    let started = store.start(&Claim { limit: factory::limit(3), ..store.claim() }).await;
    assert_eq!(ids(&started), [jobs[20].id, plain[0].id, plain[1].id]);
    assert_eq!(store.get(holder.id).await, holder);
}

/// A job that waits for its turn is no reason to wait for another of that turn: what is paused, early or of
/// another queue stands in nobody's way.
pub async fn a_waiting_job_blocks_no_turn(store: Fixture) {
    let early = NewJob { priority: 9, start: Start::In(Duration::from_secs(9)), ..with_turn(&store, "a") };
    let paused = NewJob { priority: 9, type_name: factory::named("paused"), ..with_turn(&store, "a") };
    let unknown = NewJob { priority: 9, type_name: factory::named("unknown"), ..with_turn(&store, "a") };
    let due = with_turn(&store, "a");
    store.insert(&[early, paused, unknown, due.clone()]).await;
    store.switch(&Switch::PauseType(factory::named("paused")), true).await;
    let types = vec![factory::type_name(), factory::named("paused")];
    assert_eq!(ids(&store.start(&Claim { types, ..store.claim() }).await), [due.id]);
}

/// A running job that is deleted gives its turn up.
pub async fn a_deleted_job_gives_its_turn_up(store: Fixture) {
    let running = store.running(&with_turn(&store, "a")).await;
    let next = store.create(&with_turn(&store, "a")).await;
    store.delete(&Deletion::Ids(vec![running.id])).await;
    assert_eq!(ids(&store.start(&store.claim()).await), [next.id]);
}

/// A job whose lease ended holds its turn until somebody rescues it.
pub async fn an_ended_lease_does_not_give_a_turn_up(store: Fixture) {
    let running = store.running(&with_turn(&store, "a")).await;
    store.create(&with_turn(&store, "a")).await;
    let now = store.advance(factory::LEASE + Duration::from_secs(1));
    assert_eq!(store.start(&store.claim()).await, []);
    let lapse = Change::new(&running, running.lapse(now, 5, now).expect("it lapsed"), factory::actor(7));
    assert_eq!(store.change(&lapse.if_lapsed(now)).await, Reply::Applied);
    assert_eq!(store.start(&store.claim()).await.len(), 1);
}

/// Racing claims never start two jobs of one turn, and the jobs of a turn all run in the end.
pub async fn racing_claims_never_start_two_of_a_turn(store: Fixture) {
    let jobs: Vec<_> = (0..60).map(|n| with_turn(&store, &format!("turn-{}", n % 6))).collect();
    store.insert(&jobs).await;
    let handles = store.handles(4).await;
    let mut ran: Vec<Job> = Vec::new();
    while ran.len() < jobs.len() {
        let started = race(8, |n| {
            let store = handles[n % handles.len()].clone();
            async move { store.start(&Claim { limit: factory::limit(4), ..store.claim() }).await }
        })
        .await
        .concat();
        let turns: BTreeSet<_> = started.iter().map(|it| it.state.running_key().cloned()).collect();
        assert_eq!(turns.len(), started.len(), "each runs for a turn of its own");
        assert!(!started.is_empty(), "nothing runs, and nothing is started");
        let done: Vec<_> = started.iter().map(|it| factory::change(it, it.complete(store.now()))).collect();
        assert!(store.apply(&done).await.iter().all(|it| *it == Reply::Applied));
        ran.extend(started);
    }
    assert_eq!(ran.iter().map(|it| it.id).collect::<BTreeSet<_>>().len(), jobs.len(), "each ran once");
}
