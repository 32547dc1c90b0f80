//! What a caller does on a connection of its own.

use super::{
    model::Answer,
    stage::{Scene, Stage},
};
use crate::{jobs::Keyed, server};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use job_core::{Completion, Options, Start, Then};
use job_store_pg::{AcquiredId, CompleteError};
use job_testing::factory;

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mine {
    Acquire,
    /// Of the key and another one, in one call.
    CreateMany,
    Complete,
    CompleteAndDelete,
    /// In a transaction that it begins and commits.
    CompleteIn,
    Delete,
}

impl Stage {
    /// Does it on `conn`.
    pub(super) async fn mine(&self, conn: &mut AsyncPgConnection, mine: Mine, scene: &Scene) -> Answer {
        let jobs = self.schema.jobs();
        let options = Options { start: Start::At(factory::noon()), ..Options::default() };
        // An id that is made anew each time says nothing.
        let acquired = |it: AcquiredId| match it {
            AcquiredId::Created(_) => "created".to_owned(),
            AcquiredId::Existing(id) => format!("existing {id:?}"),
        };
        let completion = |then| {
            Completion::new(scene.job.clone(), scene.job.state.lease().unwrap().holder, "postgres", then)
        };
        let ended = |it: Result<_, CompleteError>| match it {
            Ok(_) => "completed".to_owned(),
            Err(CompleteError::Lost(_)) => "lost".to_owned(),
            Err(error) => panic!("{error:?}"),
        };
        let words = match mine {
            Mine::Acquire => acquired(jobs.acquire_on(conn, &Keyed::new("k"), &options).await.unwrap()),
            Mine::CreateMany => {
                let keyed = [Keyed::new("k2"), Keyed::new("k")];
                let created = jobs.create_many_on(conn, &keyed, &options).await.unwrap();
                format!("{:?}", created.into_iter().map(acquired).collect::<Vec<_>>())
            }
            Mine::Complete => ended(jobs.complete_on(conn, completion(Then::Keep)).await),
            Mine::CompleteAndDelete => ended(jobs.complete_on(conn, completion(Then::Delete)).await),
            Mine::CompleteIn => {
                let completion = completion(Then::Keep);
                ended(conn.transaction(async |conn| jobs.complete_on(conn, completion).await).await)
            }
            Mine::Delete => format!("{:?}", jobs.delete_on(conn, &[scene.job.id]).await.unwrap()),
        };
        Answer::new(words, false)
    }

    /// Does it on a connection of its own, each call by itself.
    pub(super) async fn mine_alone(&self, mine: Mine, scene: &Scene) -> Answer {
        let mut conn = server::connect().await;
        // So that it is seen to wait.
        conn.batch_execute(&format!("SET application_name = '{}'", self.schema.name)).await.unwrap();
        self.mine(&mut conn, mine, scene).await
    }
}
