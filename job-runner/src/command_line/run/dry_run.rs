//! `run-jobs --dry-run`: what would be run now.

use crate::{
    Registry,
    command_line::{
        counts::{CAP, counted},
        error::CommandError,
        output::Output,
        table::{Column, lines},
    },
    config::Section,
    pauses::Pauses,
};
use job_core::{
    JobId, QueueName, SectionName, TypeName,
    store::{Counted, Filter, JobStoreExt, Opened, Opener, StoreUrl, Switch},
};
use serde::Serialize;
use std::{num::NonZeroU32, sync::Arc};

/// How many jobs of lost runners are read at a time.
const PAGE: NonZeroU32 = NonZeroU32::new(256).unwrap();

const COLUMNS: [Column; 4] = [
    Column { title: "SECTION", may_shrink: true },
    Column { title: "TYPE", may_shrink: true },
    Column { title: "QUEUE", may_shrink: true },
    Column { title: "READY", may_shrink: false },
];

/// A section as a JSON object. Its members stay as they are; new ones may be added.
#[derive(Debug, Serialize)]
struct Forecast<'a> {
    section: &'a SectionName,
    enabled: bool,
    /// What it would start, one job after the other: those of one turn count each.
    ready: Vec<Ready>,
    /// Its types and queues that are paused.
    paused_types: Vec<TypeName>,
    paused_queues: Vec<QueueName>,
    /// Jobs whose runner was lost, and that it would give back or fail first.
    lapsed: u64,
}

#[derive(Debug, Serialize)]
struct Ready {
    #[serde(rename = "type")]
    type_name: TypeName,
    queue: QueueName,
    jobs: u64,
    at_least: bool,
}

pub(super) async fn run<C: Clone + Send + Sync + 'static>(
    registry: &Registry<C>,
    opener: Arc<dyn Opener>,
    url: &str,
    sections: &[&Section],
    json: bool,
    output: &mut Output,
) -> Result<(), CommandError> {
    let mut forecasts = Vec::new();
    for section in sections {
        let role = section.role().map(str::to_owned);
        let opened = opener.open(&StoreUrl { role, create: false, ..StoreUrl::new(url) }).await?;
        let settings = section.settings();
        let queues = registry.queues(&settings.types, &settings.queues);
        forecasts.push(Forecast::of(section, &queues, &opened).await?);
    }
    if json {
        return forecasts.iter().try_for_each(|it| output.json(it));
    }
    let cells: Vec<_> = forecasts.iter().flat_map(Forecast::cells).collect();
    if !cells.is_empty() {
        for line in lines(COLUMNS, &cells, output.width()) {
            output.line(&line)?;
        }
    }
    forecasts.iter().flat_map(Forecast::remarks).try_for_each(|it| output.line(&it))
}

impl<'a> Forecast<'a> {
    async fn of(section: &'a Section, queues: &[QueueName], opened: &Opened) -> Result<Self, CommandError> {
        let name = section.name();
        let on = opened.switches.switches().await?;
        let mut forecast = Self {
            section: name,
            enabled: !on.contains(&Switch::DisableSection(name.clone())),
            ready: Vec::new(),
            paused_types: Vec::new(),
            paused_queues: Vec::new(),
            lapsed: 0,
        };
        if !forecast.enabled {
            return Ok(forecast);
        }
        let pauses = Pauses::among(on, section.types(), queues);
        (forecast.paused_types, forecast.paused_queues) = (pauses.types, pauses.queues);
        let now = opened.store.time(opened.clock).await?;
        for type_name in section.types() {
            for queue in queues {
                let filter = Filter {
                    types: Some(vec![type_name.clone()]),
                    queues: Some(vec![queue.clone()]),
                    ready_at: Some(now),
                    ..Filter::default()
                };
                let Counted { jobs, at_least } = opened.store.count(&filter, CAP).await?;
                if jobs > 0 {
                    let (type_name, queue) = (type_name.clone(), queue.clone());
                    forecast.ready.push(Ready { type_name, queue, jobs, at_least });
                }
            }
        }
        forecast.lapsed = lapsed(opened, section.types()).await?;
        Ok(forecast)
    }

    fn cells(&self) -> Vec<[String; 4]> {
        let row = |it: &Ready| {
            let count = counted(Counted { jobs: it.jobs, at_least: it.at_least });
            [self.section.to_string(), it.type_name.to_string(), it.queue.to_string(), count]
        };
        self.ready.iter().map(row).collect()
    }

    /// What the table does not say.
    fn remarks(&self) -> Vec<String> {
        let section = self.section;
        if !self.enabled {
            return vec![format!("section {section} is disabled; its jobs would be left alone")];
        }
        let types = self.paused_types.iter().map(|it| ["type", it.as_str()]);
        let queues = self.paused_queues.iter().map(|it| ["queue", it.as_str()]);
        let held_back = |[noun, name]: [&str; 2]| {
            format!(
                "section {section} would start nothing of {noun} {name}, which is paused until `{noun}s resume {name}`"
            )
        };
        let mut remarks: Vec<String> = types.chain(queues).map(held_back).collect();
        if self.lapsed > 0 {
            let jobs = if self.lapsed == 1 { "1 job".to_owned() } else { format!("{} jobs", self.lapsed) };
            remarks.push(format!("section {section} would first give back {jobs} whose runner was lost"));
        } else if self.ready.is_empty() {
            remarks.push(format!("section {section} has nothing to run"));
        }
        remarks
    }
}

async fn lapsed(opened: &Opened, types: &[TypeName]) -> Result<u64, CommandError> {
    let mut count = 0;
    let mut after: Option<JobId> = None;
    loop {
        let jobs = opened.store.lapsed(after, PAGE, opened.clock).await?;
        let Some(last) = jobs.last() else { return Ok(count) };
        after = Some(last.id);
        count += u64::try_from(jobs.iter().filter(|it| types.contains(&it.spec.type_name)).count())
            .unwrap_or(u64::MAX);
    }
}
