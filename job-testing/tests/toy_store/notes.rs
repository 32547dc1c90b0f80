//! The second trait: notes, numbered upwards.

use crate::store::ToyStore;
use async_trait::async_trait;
use job_core::{
    Note, NoteFilter, Noted,
    store::{Notes, StoreError},
};
use std::num::NonZeroU32;

#[async_trait]
impl Notes for ToyStore {
    async fn append(&self, notes: &[Note]) -> Result<(), StoreError> {
        let mut table = self.table();
        notes.iter().for_each(|note| table.note(note));
        Ok(())
    }

    async fn notes(&self, filter: &NoteFilter, limit: NonZeroU32) -> Result<Vec<Noted>, StoreError> {
        let table = self.table();
        let newest = table.notes.iter().rev().filter(|noted| {
            filter.about.as_ref().is_none_or(|about| noted.note.about == *about)
                && filter.kind.is_none_or(|kind| noted.note.kind == kind)
                && filter.below.is_none_or(|below| noted.number < below)
        });
        Ok(newest.take(limit.get() as usize).cloned().collect())
    }
}
