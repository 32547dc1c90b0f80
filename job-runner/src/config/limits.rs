//! How many jobs a section runs at once: in all, and of single queues; and on how many threads.

use super::{ConfigError, file::SectionTable, place::Places};
use crate::SectionSettings;
use job_core::QueueName;
use std::{collections::BTreeMap, num::NonZeroU32};
use toml::Spanned;

/// How many handlers at a time.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) concurrency: NonZeroU32,
    pub(super) threads: Option<NonZeroU32>,
    pub(super) queue_limits: BTreeMap<QueueName, NonZeroU32>,
    /// Where the names of limited queues stand: whether the section looks into them depends on the program.
    pub(super) limited_at: BTreeMap<QueueName, (usize, usize)>,
}

impl Limits {
    pub(super) fn read(
        table: &SectionTable,
        default: &SectionSettings,
        places: &Places<'_>,
    ) -> Result<Self, ConfigError> {
        let counted = |count: &Spanned<u32>, problem: String| {
            NonZeroU32::new(*count.get_ref()).ok_or_else(|| places.mistake(&count.span(), problem))
        };
        let concurrency = match &table.concurrency {
            None => default.concurrency,
            Some(count) => counted(count, "a concurrency of 0 runs nothing; 1 is the least".to_owned())?,
        };
        let threads = match &table.threads {
            None => default.threads,
            Some(count) => {
                Some(counted(count, "no handler runs without a thread; 1 is the least".to_owned())?)
            }
        };
        let (queue_limits, limited_at) = (default.queue_limits.clone(), BTreeMap::new());
        let mut limits = Self { concurrency, threads, queue_limits, limited_at };
        for (queue, count) in table.queue_limits.iter().flatten() {
            let name = queue.get_ref();
            let problem = format!(
                "a limit of 0 leaves the jobs of {name} alone; 1 is the least. To stop them for a while, pause the \
                 queue: `queues pause {name}`"
            );
            limits.queue_limits.insert(name.clone(), counted(count, problem)?);
            limits.limited_at.insert(name.clone(), places.line_and_column(queue.span().start));
        }
        Ok(limits)
    }
}
