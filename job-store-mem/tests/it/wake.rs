//! Wake-ups: who waits is woken by work in its queues, and not by other work.

use job_core::{
    Clock, NewJob, QueueName,
    store::{JobStore, Switch, Switches, Wake},
};
use job_store_mem::MemStore;
use job_testing::factory::{self, named};
use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

fn queue(name: &str) -> [QueueName; 1] {
    [named(name)]
}

async fn insert(store: &MemStore, queue: &str) {
    let new = NewJob { queue: named(queue), ..factory::job(store.mint()) };
    store.insert(&[new], Clock::Store).await.expect("the store inserts");
}

fn poll<F: Future<Output = ()>>(waiting: Pin<&mut F>) -> Poll<()> {
    waiting.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn an_insert_wakes_all_who_wait_for_its_queue_and_nobody_else() {
    let store = MemStore::new();
    let (fast, slow) = (queue("fast"), queue("slow"));
    let both = [named("slow"), named("fast")];
    let (mut one, mut two) = (pin!(store.woken(&fast)), pin!(store.woken(&both)));
    let mut other = pin!(store.woken(&slow));
    for _ in 0..2 {
        assert!(poll(one.as_mut()).is_pending() && poll(two.as_mut()).is_pending());
        assert!(poll(other.as_mut()).is_pending());
    }
    insert(&store, "fast").await;
    assert!(poll(one.as_mut()).is_ready() && poll(two.as_mut()).is_ready());
    assert!(poll(other.as_mut()).is_pending());
}

#[tokio::test]
async fn work_that_came_while_nobody_waited_is_told_once() {
    let store = MemStore::new();
    let fast = queue("fast");
    insert(&store, "fast").await;
    insert(&store, "fast").await;
    assert!(poll(pin!(store.woken(&fast))).is_ready());
    assert!(poll(pin!(store.woken(&fast))).is_pending());
}

#[tokio::test]
async fn an_insert_that_creates_nothing_wakes_nobody() {
    let store = MemStore::new();
    let keyed = || factory::keyed(store.mint(), "k");
    store.insert(&[keyed()], Clock::Store).await.unwrap();
    let default = [QueueName::default()];
    store.woken(&default).await;
    store.insert(&[keyed()], Clock::Store).await.unwrap();
    assert!(poll(pin!(store.woken(&default))).is_pending());
}

#[tokio::test]
async fn a_job_that_waits_again_wakes_the_queue_it_moved_to() {
    let store = MemStore::new();
    insert(&store, "default").await;
    let jobs = store.claim(&factory::claim(Clock::Store)).await.unwrap().jobs;
    let now = store.now().await.unwrap();
    let retry = jobs[0].retry("slow".into(), now, Some(named("slow")));
    let slow = queue("slow");
    let mut waiting = pin!(store.woken(&slow));
    assert!(poll(waiting.as_mut()).is_pending());
    store.apply(&[factory::change(&jobs[0], retry)]).await.unwrap();
    assert!(poll(waiting.as_mut()).is_ready());
}

#[tokio::test]
async fn the_end_of_a_pause_wakes() {
    let store = MemStore::new();
    insert(&store, "fast").await;
    let fast = queue("fast");
    store.woken(&fast).await;
    let pause = Switch::PauseType(factory::type_name());
    store.set(&pause, true).await.unwrap();
    let mut waiting = pin!(store.woken(&fast));
    assert!(poll(waiting.as_mut()).is_pending());
    store.set(&pause, false).await.unwrap();
    assert!(poll(waiting.as_mut()).is_ready());
}
