//! What can be switched off and on: its words, its jobs, and who switched it last.

use crate::command_line::{dated::Dated, error::CommandError};
use job_core::{
    About, ActionNote, NoteFilter, NoteKind, SectionName,
    store::{Filter, Opened, Switch},
};
use std::num::NonZeroU32;

/// How many operators' actions are looked through for the one that switched something off.
const ACTIONS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// What it is, in a word.
pub(in crate::command_line) const fn noun(switch: &Switch) -> &'static str {
    match switch {
        Switch::PauseQueue(_) => "queue",
        Switch::PauseType(_) => "type",
        Switch::DisableSection(_) => "section",
    }
}

/// Its name.
pub(in crate::command_line) fn name(switch: &Switch) -> &str {
    match switch {
        Switch::PauseQueue(name) => name.as_str(),
        Switch::PauseType(name) => name.as_str(),
        Switch::DisableSection(name) => name.as_str(),
    }
}

/// The commands that switch it off and on.
pub(super) const fn verbs(switch: &Switch) -> [&'static str; 2] {
    match switch {
        Switch::PauseQueue(_) | Switch::PauseType(_) => ["pause", "resume"],
        Switch::DisableSection(_) => ["disable", "enable"],
    }
}

/// What it is while it is switched off, and while it is not.
pub(super) const fn states(switch: &Switch) -> [&'static str; 2] {
    match switch {
        Switch::PauseQueue(_) | Switch::PauseType(_) => ["paused", "resumed"],
        Switch::DisableSection(_) => ["disabled", "enabled"],
    }
}

/// The jobs that it holds back; `None` for a section, which has none of its own.
pub(super) fn jobs(switch: &Switch) -> Option<Filter> {
    match switch {
        Switch::PauseQueue(name) => Some(Filter { queues: Some(vec![name.clone()]), ..Filter::default() }),
        Switch::PauseType(name) => Some(Filter { types: Some(vec![name.clone()]), ..Filter::default() }),
        Switch::DisableSection(_) => None,
    }
}

/// What a note about it hangs on.
pub(super) fn about(switch: &Switch) -> About {
    match switch {
        Switch::DisableSection(name) => About::Section(name.clone()),
        Switch::PauseQueue(_) | Switch::PauseType(_) => About::Store,
    }
}

/// The action that is noted when it is switched, such as `pause queue mail`.
pub(super) fn action(switch: &Switch, off: bool) -> String {
    let [stop, go] = verbs(switch);
    format!("{} {} {}", if off { stop } else { go }, noun(switch), name(switch))
}

/// What operators have switched off lately.
#[derive(Debug)]
pub(super) struct History {
    actions: Vec<Dated<ActionNote>>,
}

impl History {
    /// Of queues and types.
    pub(super) async fn of_lanes(opened: &Opened) -> Result<Self, CommandError> {
        Self::read(opened, About::Store).await
    }

    pub(super) async fn of_section(opened: &Opened, name: &SectionName) -> Result<Self, CommandError> {
        Self::read(opened, About::Section(name.clone())).await
    }

    async fn read(opened: &Opened, about: About) -> Result<Self, CommandError> {
        let filter = NoteFilter { about: Some(about), kind: Some(NoteKind::Action), below: None };
        let notes = opened.notes.notes(&filter, ACTIONS).await?;
        let dated = notes
            .into_iter()
            .filter_map(|it| Some(Dated { at: it.note.at, body: it.note.body.decode().ok()? }));
        Ok(Self { actions: dated.collect() })
    }

    /// Who switched it off last, if that is noted.
    pub(super) fn switched_off(&self, switch: &Switch) -> Option<&Dated<ActionNote>> {
        let action = action(switch, true);
        self.actions.iter().find(|it| it.body.action.as_str() == action)
    }
}
