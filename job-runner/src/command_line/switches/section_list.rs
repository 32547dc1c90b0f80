//! `sections list`.

use super::{lane_list::why, switched::History};
use crate::{
    command_line::{
        args::Listing,
        counts::{CAP, counted},
        dated::Dated,
        error::CommandError,
        output::Output,
        table::{Column, lines},
        when::{from, spoken, to_the_second},
    },
    config::{Config, Section},
};
use job_core::{
    About, ActionNote, JobStatus, NoteFilter, NoteKind, RunNote, SectionName, Text, Timestamp, TypeName,
    store::{Counted, Filter, JobStoreExt, Opened, Switch},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

const COLUMNS: [Column; 9] = [
    Column { title: "SECTION", may_shrink: true },
    Column { title: "STATE", may_shrink: false },
    Column { title: "RUNNING", may_shrink: false },
    Column { title: "LAST RUN", may_shrink: false },
    Column { title: "TOOK", may_shrink: false },
    Column { title: "HOST", may_shrink: true },
    Column { title: "RAN", may_shrink: false },
    Column { title: "NOT DONE", may_shrink: false },
    Column { title: "TYPES", may_shrink: true },
];

/// Without a configuration, only what is disabled is known.
pub(super) async fn run(
    opened: &Opened,
    config: Option<&Config>,
    listing: &Listing,
    output: &mut Output,
) -> Result<(), CommandError> {
    let on = opened.switches.switches().await?;
    let sections: BTreeMap<&SectionName, &Section> =
        config.into_iter().flat_map(Config::sections).map(|it| (it.name(), it)).collect();
    let disabled: BTreeSet<&SectionName> = on
        .iter()
        .filter_map(|it| match it {
            Switch::DisableSection(name) => Some(name),
            Switch::PauseQueue(_) | Switch::PauseType(_) => None,
        })
        .collect();
    let mut rows = Vec::new();
    for name in sections.keys().chain(&disabled).copied().collect::<BTreeSet<_>>() {
        let types = sections.get(name).map_or_else(Vec::new, |it| it.types().to_vec());
        rows.push(Row::read(opened, name, types, disabled.contains(name)).await?);
    }
    if listing.json {
        return rows.iter().try_for_each(|it| output.json(&it.record()));
    }
    if rows.is_empty() {
        return output.line("No sections.");
    }
    let now = if output.width().is_some() { Some(opened.store.time(opened.clock).await?) } else { None };
    let cells: Vec<_> = rows.iter().map(|it| it.cells(now)).collect();
    for line in lines(COLUMNS, &cells, output.width()) {
        output.line(&line)?;
    }
    for row in &rows {
        if let (Some(switch), Some(by)) = (&row.disabled, row.disabled_by()) {
            output.line(&why(switch, by, now))?;
        }
    }
    Ok(())
}

struct Row<'a> {
    name: &'a SectionName,
    types: Vec<TypeName>,
    /// How many jobs of its types run just now, whoever runs them.
    running: Counted,
    /// The switch, if it is on.
    disabled: Option<Switch>,
    history: History,
    last: Option<RunNote>,
}

/// A section as a JSON object. Its members stay as they are; new ones may be added.
#[derive(Serialize)]
struct Record<'a> {
    section: &'a SectionName,
    enabled: bool,
    disabled_at: Option<Timestamp>,
    disabled_by: Option<&'a Text>,
    reason: Option<&'a Text>,
    types: &'a [TypeName],
    running: u64,
    /// Whether the count ended at the most that is counted.
    at_least: bool,
    last_run: Option<&'a RunNote>,
}

impl<'a> Row<'a> {
    async fn read(
        opened: &Opened,
        name: &'a SectionName,
        types: Vec<TypeName>,
        disabled: bool,
    ) -> Result<Self, CommandError> {
        let filter =
            NoteFilter { about: Some(About::Section(name.clone())), kind: Some(NoteKind::Run), below: None };
        let last = opened.notes.notes(&filter, NonZeroU32::MIN).await?.pop();
        let last = last.and_then(|it| it.note.body.decode().ok());
        let disabled = disabled.then(|| Switch::DisableSection(name.clone()));
        let running = Filter {
            types: Some(types.clone()),
            statuses: Some(vec![JobStatus::Running]),
            ..Filter::default()
        };
        let running = opened.store.count(&running, CAP).await?;
        Ok(Self { name, types, running, disabled, history: History::of_section(opened, name).await?, last })
    }

    /// Who disabled it, if it is.
    fn disabled_by(&self) -> Option<&Dated<ActionNote>> {
        self.history.switched_off(self.disabled.as_ref()?)
    }

    fn cells(&self, now: Option<Timestamp>) -> [String; 9] {
        let sum = |counts: &BTreeMap<TypeName, u64>| counts.values().sum::<u64>().to_string();
        let state = if self.disabled.is_some() { "disabled" } else { "enabled" };
        let types = self.types.iter().map(TypeName::as_str).collect::<Vec<_>>().join(", ");
        let [at, took, host, ran, rest] = match &self.last {
            None => ["never".to_owned(), String::new(), String::new(), String::new(), String::new()],
            Some(run) => [
                now.map_or_else(|| to_the_second(run.finished), |now| from(now, run.finished)),
                spoken(run.finished.since(run.started)),
                run.host.to_string(),
                sum(&run.completed),
                sum(&run.incomplete),
            ],
        };
        let (name, running) = (self.name.to_string(), counted(self.running));
        [name, state.to_owned(), running, at, took, host, ran, rest, types]
    }

    fn record(&self) -> Record<'_> {
        let by = self.disabled_by();
        Record {
            section: self.name,
            enabled: self.disabled.is_none(),
            disabled_at: by.map(|it| it.at),
            disabled_by: by.map(|it| &it.body.who),
            reason: by.and_then(|it| it.body.reason.as_ref()),
            types: &self.types,
            running: self.running.jobs,
            at_least: self.running.at_least,
            last_run: self.last.as_ref(),
        }
    }
}
