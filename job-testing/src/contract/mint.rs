//! Ids, which a store mints, and its time.

use crate::{Fixture, race};
use parking_lot::Mutex;

use std::{collections::HashSet, sync::Arc, time::Duration};

/// A new id is greater than every id that the handle made before, in whatever thread, within a millisecond too.
pub async fn ids_of_a_handle_grow(store: Fixture) {
    let last = Arc::new(Mutex::new(None));
    race(4, |_| {
        let (store, last) = (store.clone(), last.clone());
        async move {
            for _ in 0..5000 {
                let mut last = last.lock();
                let id = store.mint();
                assert!(Some(id) > *last, "{id} after {last:?}");
                *last = Some(id);
            }
        }
    })
    .await;
}

/// No id is minted twice, by any threads and handles at the same moment.
pub async fn no_id_is_minted_twice(store: Fixture) {
    let handles = store.handles(4).await;
    let ids = race(8, |n| {
        let store = handles[n % handles.len()].clone();
        async move { (0..5000).map(|_| store.mint()).collect::<Vec<_>>() }
    })
    .await
    .concat();
    assert!(ids.iter().all(|it| it.as_uuid().get_version_num() == 7));
    assert_eq!(ids.into_iter().collect::<HashSet<_>>().len(), 40_000);
}

/// The time of a store is one, whichever handle tells it.
pub async fn all_handles_tell_one_time(store: Fixture) {
    // Nobody promises that a clock is never set back, only that there is one: far apart are two clocks.
    let handles = store.handles(4).await;
    let first = store.time().await;
    for handle in &handles {
        let now = handle.time().await;
        let apart = now.since(first).max(first.since(now));
        assert!(apart < Duration::from_secs(60), "{now} beside {first}");
    }
}
