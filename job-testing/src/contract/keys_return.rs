//! Changes that take a unique key back which another job may hold by now.

use crate::{Fixture, contract::ids, factory, race};
use job_core::{
    About, ActionNote, Change, Job, JobStatus, NewJob, Note, Reply, Then,
    store::{Deletion, Inserted},
};
use std::time::Duration;

/// A running job whose scope Waiting frees its key, and the job that holds the key now.
async fn mover_and_holder(store: &Fixture) -> (Job, Job) {
    let mover = store.running(&store.keyed("k")).await;
    let holder = store.create(&store.keyed("k")).await;
    (mover, holder)
}

fn retry(store: &Fixture, job: &Job) -> Change {
    factory::change(job, job.retry("it broke".into(), store.now() + Duration::from_secs(9), None))
}

fn requeue(store: &Fixture, job: &Job) -> Change {
    factory::change(job, job.requeue(false, store.now()))
}

fn note(store: &Fixture, job: &Job) -> Note {
    let body = ActionNote { action: "tried".into(), who: "the test".into(), reason: None };
    Note::action(About::Job(job.id), store.now(), &body)
}

/// A free key is taken back, and from then on held.
pub async fn a_free_key_is_taken_back(store: Fixture) {
    let job = store.running(&store.keyed("k")).await;
    let back = store.moved(&retry(&store, &job).or_supersede(&job, store.now())).await;
    assert_eq!(back.state, retry(&store, &job).next);
    assert_eq!(store.insert(&[store.keyed("k")]).await, [Inserted::Existing { holder: job.id }]);
}

/// A job that wants its key back from another one becomes Cancelled, superseded by it, with its note; the
/// holder does not notice.
pub async fn a_mover_is_superseded_by_the_holder(store: Fixture) {
    let (mover, holder) = mover_and_holder(&store).await;
    let change = retry(&store, &mover).or_supersede(&mover, store.now()).with_note(note(&store, &mover));
    assert_eq!(store.change(&change).await, Reply::Superseded { by: holder.id });
    let superseded = store.get(mover.id).await;
    assert_eq!(Some(&superseded.state), change.if_taken.superseded_by(holder.id).as_ref());
    assert_eq!(superseded.state.status(), JobStatus::Cancelled);
    assert_eq!(superseded.state.superseded_by(), Some(holder.id));
    assert_eq!(store.notes_about(mover.id).await, [note(&store, &mover)]);
    assert_eq!(store.get(holder.id).await, holder);
}

/// A superseded job stays, whatever its change would have done with the row.
pub async fn a_superseded_job_is_not_deleted(store: Fixture) {
    let (mover, holder) = mover_and_holder(&store).await;
    let change = retry(&store, &mover).or_supersede(&mover, store.now());
    let reply = store.change(&Change { then: Then::Delete, ..change }).await;
    assert_eq!(reply, Reply::Superseded { by: holder.id });
    assert_eq!(ids(&store.all().await), [mover.id, holder.id]);
}

/// An operator's requeue is refused while another job holds the key: nothing is written, and no note is kept.
pub async fn a_requeue_is_refused_while_the_key_is_taken(store: Fixture) {
    let failed = store.at(JobStatus::Failed, &store.keyed("k")).await;
    let holder = store.create(&store.keyed("k")).await;
    let change = requeue(&store, &failed).with_note(note(&store, &failed));
    assert_eq!(store.change(&change).await, Reply::KeyTaken { holder: holder.id });
    assert_eq!(store.all().await, [failed.clone(), holder.clone()]);
    assert_eq!(store.notes_about(failed.id).await, []);
    store.delete(&Deletion::Ids(vec![holder.id])).await;
    assert_eq!(store.change(&change).await, Reply::Applied, "once the key is free");
}

/// A superseding change whose reply was lost is answered the same when it is sent again.
pub async fn a_superseding_change_may_be_sent_again(store: Fixture) {
    let (mover, holder) = mover_and_holder(&store).await;
    let change = retry(&store, &mover).or_supersede(&mover, store.now());
    for _ in 0..2 {
        assert_eq!(store.change(&change).await, Reply::Superseded { by: holder.id });
    }
    store.delete(&Deletion::Ids(vec![holder.id])).await;
    assert_eq!(store.change(&change).await, Reply::Superseded { by: holder.id }, "even without the holder");
    assert_eq!(ids(&store.all().await), [mover.id]);
}

/// A change that no longer fits is Stale, whoever holds the key.
pub async fn a_stale_change_is_stale_whoever_holds_the_key(store: Fixture) {
    let (mover, _) = mover_and_holder(&store).await;
    let now = store.now();
    store.moved(&factory::change(&mover, mover.complete(now))).await;
    for change in [retry(&store, &mover), retry(&store, &mover).or_supersede(&mover, now)] {
        assert_eq!(store.change(&change).await, Reply::Stale);
    }
}

/// Changes that take a key back come after the others of their batch, so a key that is freed in it is free
/// for them.
pub async fn a_key_freed_in_the_batch_is_free(store: Fixture) {
    let (mover, holder) = mover_and_holder(&store).await;
    let cancel = factory::change(&holder, holder.cancel("not needed".into(), store.now()));
    let replies = store.apply(&[retry(&store, &mover), cancel]).await;
    assert_eq!(replies, [Reply::Applied, Reply::Applied]);
    assert!(store.get(mover.id).await.state.held_key().is_some());
}

/// Of several jobs that want the same key back in one batch the first gets it.
pub async fn of_two_movers_in_a_batch_the_first_gets_the_key(store: Fixture) {
    let movers = [store.running(&store.keyed("k")).await, store.running(&store.keyed("k")).await];
    let failed = store.at(JobStatus::Failed, &store.keyed("k")).await;
    let [first, second] = [&movers[1], &movers[0]];
    let batch = [
        retry(&store, first).or_supersede(first, store.now()),
        requeue(&store, &failed),
        retry(&store, second).or_supersede(second, store.now()),
    ];
    assert_eq!(
        store.apply(&batch).await,
        [Reply::Applied, Reply::KeyTaken { holder: first.id }, Reply::Superseded { by: first.id }]
    );
    let statuses: Vec<_> = store.all().await.iter().map(|it| it.state.status()).collect();
    assert_eq!(statuses, [JobStatus::Cancelled, JobStatus::Waiting, JobStatus::Failed]);
}

/// A taken key neither fails nor wedges the batch.
pub async fn a_taken_key_spoils_no_neighbour(store: Fixture) {
    let (mover, holder) = mover_and_holder(&store).await;
    let failed =
        store.at(JobStatus::Failed, &NewJob { type_name: factory::named("other"), ..store.job() }).await;
    let free = store.running(&NewJob { priority: 1, ..store.keyed("free") }).await;
    let batch = [
        requeue(&store, &failed),
        retry(&store, &mover),
        retry(&store, &free),
        factory::change(&holder, holder.suspend("for a review".into())),
    ];
    let taken = Reply::KeyTaken { holder: holder.id };
    assert_eq!(store.apply(&batch).await, [Reply::Applied, taken, Reply::Applied, Reply::Applied]);
    assert_eq!(store.get(mover.id).await, mover);
}

/// A rescue that finds the key taken leaves the work to the holder.
pub async fn a_rescued_job_is_superseded_by_the_holder(store: Fixture) {
    let (mover, holder) = mover_and_holder(&store).await;
    let now = store.advance(factory::LEASE);
    let rescue = Change::new(&mover, mover.lapse(now, 5, now).expect("the lease ended"), factory::actor(7));
    let rescue = rescue.if_lapsed(now).or_supersede(&mover, now);
    assert_eq!(store.change(&rescue).await, Reply::Superseded { by: holder.id });
}

/// Of many jobs that want the same key back at the same moment exactly one gets it; all others are superseded
/// by it.
pub async fn racing_movers_leave_the_key_to_one(store: Fixture) {
    let mut movers = Vec::new();
    for _ in 0..16 {
        movers.push(store.running(&store.keyed("k")).await);
    }
    let handles = store.handles(4).await;
    let replies = race(movers.len(), |n| {
        let (store, mover) = (handles[n % handles.len()].clone(), movers[n].clone());
        async move { store.change(&retry(&store, &mover).or_supersede(&mover, store.now())).await }
    })
    .await;
    let winners: Vec<_> = (0..16).filter(|n| replies[*n] == Reply::Applied).map(|n| movers[n].id).collect();
    assert_eq!(winners.len(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|it| **it == Reply::Superseded { by: winners[0] }).count(), 15);
}

/// Between an insert and a job that wants the same key back at the same moment, one gets it and the other
/// learns of it.
pub async fn an_insert_races_with_a_mover(store: Fixture) {
    for n in 0..16 {
        let keyed = || NewJob { type_name: factory::named(&format!("race-{n}")), ..store.keyed("k") };
        let (mover, new) = (store.running(&keyed()).await, keyed());
        let (mover_id, new_id) = (mover.id, new.id);
        let change = retry(&store, &mover).or_supersede(&mover, store.now());
        let [inserter, changer] = [store.clone(), store.another().await];
        let insert = tokio::spawn(async move { inserter.insert(&[new]).await.remove(0) });
        let reply = tokio::spawn(async move { changer.change(&change).await });
        let (inserted, reply) = (insert.await.expect("it inserts"), reply.await.expect("it changes"));
        match inserted {
            Inserted::Created(_) => assert_eq!(reply, Reply::Superseded { by: new_id }),
            other => {
                assert_eq!(other, Inserted::Existing { holder: mover_id });
                assert_eq!(reply, Reply::Applied);
            }
        }
    }
}
