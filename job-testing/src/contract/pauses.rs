//! Pauses: what a claim leaves because somebody switched it off.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    NewJob, Reply,
    store::{Claim, Held, Renewed, Switch},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Nothing of a paused queue is started, by any handle, until the pause is lifted; other queues go on.
pub async fn a_paused_queue_is_left(store: Fixture) {
    let (other, paused) = (NewJob { queue: factory::named("other"), ..store.job() }, store.job());
    store.insert(&[other.clone(), paused.clone()]).await;
    let pause = Switch::PauseQueue(factory::named("default"));
    store.switch(&pause, true).await;
    for store in store.handles(2).await {
        assert_eq!(store.start(&store.claim()).await, []);
    }
    assert_eq!(
        ids(&store.start(&Claim { queue: factory::named("other"), ..store.claim() }).await),
        [other.id]
    );
    store.switch(&pause, false).await;
    assert_eq!(ids(&store.start(&store.claim()).await), [paused.id]);
}

/// Nothing of a paused type is started, by any handle, until the pause is lifted; other types of the same
/// claim go on, and have its whole limit.
pub async fn a_paused_type_is_left(store: Fixture) {
    let other = || NewJob { type_name: factory::named("other"), ..store.job() };
    let (first, second, paused) = (other(), other(), NewJob { priority: 9, ..store.job() });
    store.insert(&[paused.clone(), first.clone(), second.clone()]).await;
    let pause = Switch::PauseType(factory::type_name());
    store.switch(&pause, true).await;
    let types = vec![factory::type_name(), factory::named("other")];
    let claim = Claim { types, limit: factory::limit(2), ..store.claim() };
    let handle = store.another().await;
    assert_eq!(ids(&handle.start(&claim).await), [first.id, second.id]);
    assert_eq!(handle.start(&claim).await, []);
    store.switch(&pause, false).await;
    assert_eq!(ids(&handle.start(&claim).await), [paused.id]);
}

/// A switch of one kind does not concern the same name of another kind.
pub async fn a_pause_is_of_a_queue_or_a_type(store: Fixture) {
    let new = NewJob { type_name: factory::named("name"), queue: factory::named("other"), ..store.job() };
    store.create(&new).await;
    store.switch(&Switch::PauseQueue(factory::named("name")), true).await;
    store.switch(&Switch::PauseType(factory::named("other")), true).await;
    store.switch(&Switch::DisableSection(factory::named("name")), true).await;
    store.switch(&Switch::DisableSection(factory::named("other")), true).await;
    let claim = Claim { types: vec![new.type_name], queue: new.queue, ..store.claim() };
    assert_eq!(ids(&store.start(&claim).await), [new.id]);
}

/// A pause stops starts alone: jobs are inserted, changed, renewed and completed as ever.
pub async fn a_pause_stops_starts_alone(store: Fixture) {
    let running = store.running(&store.job()).await;
    store.switch(&Switch::PauseQueue(factory::named("default")), true).await;
    store.switch(&Switch::PauseType(factory::type_name()), true).await;
    let waiting = store.create(&store.keyed("k")).await;
    let held = Held { id: running.id, revision: running.state.revision(), progress: None };
    assert_eq!(store.renew(&[held]).await, [Renewed::Until(store.now() + factory::LEASE)]);
    let now = store.now();
    let changes = [
        factory::change(&running, running.complete(now)),
        factory::change(&waiting, waiting.suspend("for a review".into())),
    ];
    assert_eq!(store.apply(&changes).await, [Reply::Applied, Reply::Applied]);
}

/// No claim that begins after a pause was set starts anything of it, whatever was under way.
pub async fn a_pause_counts_for_every_claim_after_it(store: Fixture) {
    const CLAIMERS: usize = 6;
    store.insert(&store.jobs(400)).await;
    let handles = store.handles(4).await;
    for switch in [Switch::PauseQueue(factory::named("default")), Switch::PauseType(factory::type_name())] {
        let paused = Arc::new(AtomicBool::new(false));
        race(CLAIMERS + 1, |n| {
            let (store, paused, switch) =
                (handles[n % handles.len()].clone(), paused.clone(), switch.clone());
            async move {
                if n == CLAIMERS {
                    store.switch(&switch, true).await;
                    paused.store(true, Ordering::SeqCst);
                    return;
                }
                loop {
                    let after = paused.load(Ordering::SeqCst);
                    let started = store.start(&Claim { limit: factory::limit(1), ..store.claim() }).await;
                    if after {
                        assert_eq!(started, [], "started after {switch}");
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            }
        })
        .await;
        store.switch(&switch, false).await;
    }
}
