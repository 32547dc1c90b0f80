//! The ceiling of memory: a bare `HashMap` and a `BTreeSet` under one mutex.

use super::{ceiling::Ceiling, enqueue::Enqueue};
use async_trait::async_trait;
use job_core::{BoxError, Then};
use parking_lot::Mutex;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use uuid::Uuid;

/// Any time is as good as another.
const NOW: i64 = 1_800_000_000_000_000;

/// One lock round both, as the store has it.
#[derive(Debug, Default)]
pub(super) struct MemoryCeiling {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    rows: HashMap<Uuid, Row>,
    /// Those that wait: rank, due date, id.
    waiting: BTreeSet<(i32, i64, Uuid)>,
    keys: HashMap<String, Uuid>,
}

#[derive(Debug)]
struct Row {
    args: Arc<str>,
    status: u8,
    attempt: u32,
    lease: Option<(Uuid, i64)>,
    finished: Option<i64>,
}

#[async_trait]
impl Ceiling for MemoryCeiling {
    async fn insert(&mut self, jobs: u32, how: Enqueue) -> Result<(), BoxError> {
        let (batch, keyed) = (how.batch(), how == Enqueue::Unique);
        let mut number = 0;
        while number < jobs {
            let end = jobs.min(number + batch);
            let new = (number..end).map(|it| (Uuid::now_v7(), it, Arc::from(format!("{{\"number\":{it}}}"))));
            let new: Vec<(Uuid, u32, Arc<str>)> = new.collect();
            let mut tables = self.tables.lock();
            for (id, number, args) in new {
                if keyed {
                    tables.keys.entry(number.to_string()).or_insert(id);
                }
                tables.rows.insert(id, Row { args, status: 0, attempt: 0, lease: None, finished: None });
                tables.waiting.insert((0, NOW, id));
            }
            number = end;
        }
        Ok(())
    }

    async fn drain(&mut self, batch: u32, then: Then) -> Result<u32, BoxError> {
        let holder = Uuid::now_v7();
        let mut completed = 0;
        loop {
            let fetched = self.tables.lock().fetch(batch, holder);
            if fetched.is_empty() {
                return Ok(completed);
            }
            completed += self.tables.lock().complete(&fetched, then);
        }
    }
}

impl Tables {
    fn fetch(&mut self, batch: u32, holder: Uuid) -> Vec<(Uuid, Arc<str>)> {
        let mut fetched = Vec::new();
        for _ in 0..batch {
            let Some((_, _, id)) = self.waiting.pop_first() else { break };
            if let Some(row) = self.rows.get_mut(&id) {
                row.status = 1;
                row.attempt += 1;
                row.lease = Some((holder, NOW));
                fetched.push((id, row.args.clone()));
            }
        }
        fetched
    }

    fn complete(&mut self, fetched: &[(Uuid, Arc<str>)], then: Then) -> u32 {
        let mut completed = 0;
        for (id, _) in fetched {
            if then == Then::Delete {
                completed += u32::from(self.rows.remove(id).is_some());
            } else if let Some(row) = self.rows.get_mut(id) {
                row.status = 2;
                row.lease = None;
                row.finished = Some(NOW);
                completed += 1;
            }
        }
        completed
    }
}
