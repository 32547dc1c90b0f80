//! The shape of the file, as it is read.

use super::duration::Span;
use job_core::{QueueName, SectionName, TypeName};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) store: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) section: BTreeMap<Spanned<SectionName>, SectionTable>,
}

/// One section. The positions of what is checked later are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionTable {
    pub(super) link: Option<Spanned<SectionName>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) types: Option<Vec<Spanned<TypeName>>>,
    pub(super) queues: Option<Vec<QueueName>>,
    pub(super) role: Option<String>,
    pub(super) concurrency: Option<Spanned<u32>>,
    pub(super) queue_limits: Option<BTreeMap<Spanned<QueueName>, Spanned<u32>>>,
    pub(super) threads: Option<Spanned<u32>>,
    pub(super) prefetch: Option<u32>,
    pub(super) zombie_limit: Option<u32>,
    pub(super) lease: Option<Spanned<Span>>,
    pub(super) beat: Option<Spanned<Span>>,
    pub(super) poll: Option<Spanned<Span>>,
    pub(super) scan: Option<Spanned<Span>>,
    pub(super) retention: Option<Spanned<Span>>,
    pub(super) grace: Option<Span>,
    pub(super) delete_completed: Option<bool>,
    pub(super) crash_limit: Option<u32>,
    pub(super) lease_doubt: Option<Doubt>,
    pub(super) reports: Option<PathBuf>,
}

impl SectionTable {
    /// A setting that has no place beside a link.
    pub(super) fn beside_link(&self) -> Option<&'static str> {
        let Self {
            link: _,
            group: _,
            types,
            queues,
            role,
            concurrency,
            queue_limits,
            threads,
            prefetch,
            zombie_limit,
            lease,
            beat,
            poll,
            scan,
            retention,
            grace,
            delete_completed,
            crash_limit,
            lease_doubt,
            reports,
        } = self;
        let settings = [
            ("types", types.is_some()),
            ("queues", queues.is_some()),
            ("role", role.is_some()),
            ("concurrency", concurrency.is_some()),
            ("queue_limits", queue_limits.is_some()),
            ("threads", threads.is_some()),
            ("prefetch", prefetch.is_some()),
            ("zombie_limit", zombie_limit.is_some()),
            ("lease", lease.is_some()),
            ("beat", beat.is_some()),
            ("poll", poll.is_some()),
            ("scan", scan.is_some()),
            ("retention", retention.is_some()),
            ("grace", grace.is_some()),
            ("delete_completed", delete_completed.is_some()),
            ("crash_limit", crash_limit.is_some()),
            ("lease_doubt", lease_doubt.is_some()),
            ("reports", reports.is_some()),
        ];
        settings.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// What to do while the store cannot be reached.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Doubt {
    Stop,
    CarryOn,
}
