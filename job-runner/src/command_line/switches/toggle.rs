//! `queues pause`, `types resume`, `sections disable` and their like.

use super::switched::{about, action, jobs, name, noun, states, verbs};
use crate::{
    command_line::{error::CommandError, operator::Operator, output::Output},
    config::among,
};
use job_core::store::{JobStoreExt, Opened, Switch};

/// What one command switches.
#[derive(Debug)]
pub(super) struct Toggle<'a> {
    pub(super) opened: &'a Opened,
    pub(super) operator: Operator,
    /// The names that the program and its configuration know; `None` if nobody here can tell.
    pub(super) known: Option<Vec<String>>,
    /// Whether names that nobody knows are switched off too.
    pub(super) force: bool,
}

impl Toggle<'_> {
    /// Switches all of them off, or none if one has a name that nobody knows: an operator who believes that a queue is
    /// paused will act on it.
    pub(super) async fn off(&self, switches: &[Switch], output: &mut Output) -> Result<(), CommandError> {
        for switch in switches.iter().filter(|_| !self.force) {
            if !self.is_known(switch).await? {
                return Err(self.unknown(switch, self.known(), ". --force does it all the same"));
            }
        }
        let before = self.opened.switches.switches().await?;
        for switch in switches {
            let was = before.contains(switch);
            // What was noted when it was switched off says more than a second note without a reason.
            self.set(switch, true, !was || self.operator.has_reason()).await?;
            let [off, _] = states(switch);
            let as_before = if was { ", as it was before" } else { "" };
            output.line(&format!("{} {} is {off}{as_before}", noun(switch), name(switch)))?;
        }
        Ok(())
    }

    /// Switches all of them on again. One that was not off is no error, unless nobody knows its name.
    pub(super) async fn on(&self, switches: &[Switch], output: &mut Output) -> Result<(), CommandError> {
        let before = self.opened.switches.switches().await?;
        for switch in switches.iter().filter(|it| !before.contains(it)) {
            if !self.is_known(switch).await? {
                let off = before.iter().filter(|it| noun(it) == noun(switch)).map(name);
                return Err(self.unknown(switch, self.known().chain(off), ""));
            }
        }
        for switch in switches {
            let [off, on] = states(switch);
            let (noun, name) = (noun(switch), name(switch));
            if before.contains(switch) {
                self.set(switch, false, true).await?;
                output.line(&format!("{noun} {name} is {on}"))?;
            } else {
                output.line(&format!("{noun} {name} was not {off}"))?;
            }
        }
        Ok(())
    }

    async fn set(&self, switch: &Switch, off: bool, noted: bool) -> Result<(), CommandError> {
        self.opened.switches.set(switch, off).await?;
        if !noted {
            return Ok(());
        }
        self.operator.note(self.opened, about(switch), &action(switch, off)).await
    }

    fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().flatten().map(String::as_str)
    }

    /// Whether the program knows it, or a job has to do with it.
    async fn is_known(&self, switch: &Switch) -> Result<bool, CommandError> {
        if self.known.is_none() || self.known().any(|it| it == name(switch)) {
            return Ok(true);
        }
        match jobs(switch) {
            Some(jobs) => Ok(self.opened.store.any(&jobs).await?),
            None => Ok(false),
        }
    }

    fn unknown<'a>(
        &self,
        switch: &Switch,
        known: impl Iterator<Item = &'a str>,
        but: &'static str,
    ) -> CommandError {
        let (noun, name) = (noun(switch), name(switch));
        let why = match switch {
            Switch::PauseQueue(_) => "no job is in it, and no job type of this program uses it",
            Switch::PauseType(_) => "no job is of it, and this program does not have it",
            Switch::DisableSection(_) => "the configuration does not have it",
        };
        let advice = among(&format!("{noun}s"), name, known);
        let [verb, _] = verbs(switch);
        let nothing = if but.is_empty() { String::new() } else { format!(", so nothing was {verb}d") };
        CommandError::UnknownName(format!("there is no {noun} `{name}`{nothing}: {why}; {advice}{but}"))
    }
}
