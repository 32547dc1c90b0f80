//! Who operates, and what is kept of it.

use super::error::CommandError;
use crate::host::host;
use job_core::{
    About, ActionNote, Note, Text,
    store::{JobStoreExt, Opened},
};
use std::env;

/// Who does something, and why.
#[derive(Debug)]
pub(super) struct Operator {
    who: String,
    why: Option<Text>,
}

impl Operator {
    /// The user of this process, with the reason they gave.
    pub(super) fn here(why: Option<String>) -> Self {
        Self { who: who(), why: why.map(Text::from) }
    }

    /// The reason; who it was, if they gave none.
    pub(super) fn reason(&self) -> Text {
        self.why.clone().unwrap_or_else(|| Text::new(format_args!("by {}", self.who)))
    }

    pub(super) const fn has_reason(&self) -> bool {
        self.why.is_some()
    }

    /// Keeps that `action` was done.
    pub(super) async fn note(&self, opened: &Opened, about: About, action: &str) -> Result<(), CommandError> {
        let body = ActionNote { action: action.into(), who: Text::new(&self.who), reason: self.why.clone() };
        let at = opened.store.time(opened.clock).await?;
        Ok(opened.notes.append(&[Note::action(about, at, &body)]).await?)
    }
}

/// The user, as far as the environment tells.
fn who() -> String {
    let named = |name| env::var(name).ok().filter(|it: &String| !it.is_empty());
    let user = named("SUDO_USER").or_else(|| named("USER")).or_else(|| named("USERNAME"));
    format!("{}@{}", user.as_deref().unwrap_or("somebody"), host())
}
