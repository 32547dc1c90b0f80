//! The notes of a store beside those of the model.

use super::{
    agree::{answered, same},
    history::ALL,
    table::Model,
};
use job_core::{About, Note, NoteFilter, Noted, store::Notes};
use proptest::test_runner::TestCaseError;

/// What a store's notes are compared with: those it had before, and the model's.
#[derive(Debug, Default)]
pub(super) struct NotesSeen(Vec<Noted>);

impl NotesSeen {
    /// The store's notes, the newest first, as last compared.
    pub(super) fn all(&self) -> &[Noted] {
        &self.0
    }

    /// All notes: numbered downwards, none renumbered, new ones above all older ones, and of each job, section and the
    /// store the model's. (How a batch of changes numbers the notes of its different jobs is the store's business.)
    pub(super) async fn agree(&mut self, store: &dyn Notes, model: &Model) -> Result<(), TestCaseError> {
        let noted = answered("notes", store.notes(&NoteFilter::default(), ALL).await)?;
        let falling = noted.windows(2).all(|it| it[0].number > it[1].number);
        same("notes are numbered downwards", &falling, &true)?;
        let newest = self.0.first().map_or(i64::MIN, |it| it.number);
        let kept = noted.iter().filter(|it| it.number <= newest).all(|it| self.0.contains(it));
        same("new notes are numbered above the older ones", &kept, &true)?;
        let mut abouts: Vec<About> = Vec::new();
        for about in model.notes.iter().chain(noted.iter().map(|it| &it.note)).map(|it| &it.about) {
            if !abouts.contains(about) {
                abouts.push(about.clone());
            }
        }
        for about in abouts {
            let ours: Vec<&Note> = model.notes.iter().rev().filter(|it| it.about == about).collect();
            let theirs: Vec<&Note> = noted.iter().map(|it| &it.note).filter(|it| it.about == about).collect();
            same("the notes about one thing", &theirs, &ours)?;
        }
        self.0 = noted;
        Ok(())
    }
}
