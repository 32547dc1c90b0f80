//! Notes: kept by number, and found by the job they hang on.

use crate::{store::MemStore, tables::Tables};
use async_trait::async_trait;
use job_core::{
    About, JobId, Note, NoteFilter, Noted,
    store::{Notes, StoreError},
};
use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
};

/// The notes.
#[derive(Debug, Default)]
pub(crate) struct NoteTable {
    rows: BTreeMap<i64, Note>,
    /// The numbers of each job's notes, which go with the job.
    of_job: HashMap<JobId, Vec<i64>>,
    last: i64,
}

impl NoteTable {
    pub(crate) fn forget(&mut self, job: JobId) {
        for number in self.of_job.remove(&job).unwrap_or_default() {
            self.rows.remove(&number);
        }
    }

    fn push(&mut self, note: Note) {
        self.last += 1;
        if let About::Job(id) = note.about {
            self.of_job.entry(id).or_default().push(self.last);
        }
        self.rows.insert(self.last, note);
    }

    fn find(&self, filter: &NoteFilter, limit: usize) -> Vec<Noted> {
        let below = |number: i64| filter.below.is_none_or(|it| number < it);
        let fits = |note: &Note| {
            filter.about.as_ref().is_none_or(|it| *it == note.about)
                && filter.kind.is_none_or(|it| it == note.kind)
        };
        let noted = |(number, note): (&i64, &Note)| Noted { number: *number, note: note.clone() };
        let fitting = |it: &(&i64, &Note)| below(*it.0) && fits(it.1);
        if let Some(About::Job(id)) = &filter.about {
            let numbers = self.of_job.get(id).into_iter().flatten().rev();
            let rows = numbers.filter_map(|number| self.rows.get_key_value(number));
            return rows.filter(fitting).take(limit).map(noted).collect();
        }
        let rows = self.rows.range(..filter.below.unwrap_or(i64::MAX)).rev();
        rows.filter(fitting).take(limit).map(noted).collect()
    }
}

impl Tables {
    /// Appends a note, unless it is about a job that is gone.
    pub(crate) fn append(&mut self, note: &Note) {
        let gone = matches!(note.about, About::Job(id) if self.jobs.get(id).is_none());
        if !gone {
            self.notes.push(note.clone());
        }
    }
}

#[async_trait]
impl Notes for MemStore {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        let mut tables = self.tables();
        notes.iter().for_each(|note| tables.append(note));
        Ok(())
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        Ok(self.tables().notes.find(filter, limit))
    }
}
