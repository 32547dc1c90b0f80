//! Switches: what is kept, and what is listed.

use crate::{Fixture, factory, race};
use job_core::store::Switch;

fn some() -> Vec<Switch> {
    let mut switches: Vec<_> = ["b", "B", "a/b", "a-b", "a"]
        .iter()
        .flat_map(|name| {
            [
                Switch::DisableSection(factory::named(name)),
                Switch::PauseType(factory::named(name)),
                Switch::PauseQueue(factory::named(name)),
            ]
        })
        .collect();
    switches.rotate_left(4);
    switches
}

/// The switches that are on are listed in their order, queues before types before sections, and by name, byte
/// by byte.
pub async fn switches_are_listed_in_their_order(store: Fixture) {
    assert_eq!(store.switched_on().await, []);
    let mut switches = some();
    for switch in &switches {
        store.switch(switch, true).await;
    }
    switches.sort();
    assert_eq!(store.switched_on().await, switches);
    assert_eq!(store.another().await.switched_on().await, switches, "by every handle");
}

/// Setting a switch to what it is changes nothing and is no error.
pub async fn a_switch_may_be_set_again(store: Fixture) {
    let switch = Switch::PauseType(factory::type_name());
    for (on, expected) in [(false, vec![]), (true, vec![switch.clone()])] {
        for _ in 0..2 {
            store.switch(&switch, on).await;
            assert_eq!(store.switched_on().await, expected);
        }
    }
}

/// Switching one off leaves all others on, those of the same name too.
pub async fn a_switch_goes_off_alone(store: Fixture) {
    let mut left = some();
    for switch in &left {
        store.switch(switch, true).await;
    }
    left.sort();
    for switch in some() {
        store.switch(&switch, false).await;
        left.retain(|it| *it != switch);
        assert_eq!(store.switched_on().await, left);
    }
}

/// A switch that many set at the same moment is on, once.
pub async fn racing_callers_set_a_switch_once(store: Fixture) {
    let handles = store.handles(4).await;
    race(16, |n| {
        let store = handles[n % handles.len()].clone();
        async move { store.switch(&Switch::PauseQueue(factory::named("default")), true).await }
    })
    .await;
    assert_eq!(store.switched_on().await.len(), 1);
}
