//! One section of the configuration, ready to be run.

use super::{
    ConfigError,
    file::{Doubt, SectionTable},
    limits::Limits,
    nearest::among,
    pace::Pace,
    place::Places,
};
use crate::{LeaseDoubt, SectionSettings};
use job_core::{QueueName, SectionName, TypeName};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use toml::Spanned;

/// A part of the work under a name: which types, and how. One script at a time runs it.
#[derive(Clone, Debug)]
pub struct Section {
    pub(super) name: SectionName,
    pub(super) group: Option<String>,
    pub(super) link: Option<SectionName>,
    role: Option<String>,
    settings: SectionSettings,
    /// Where the types stand in the file: line and column.
    types_at: Vec<(usize, usize)>,
    /// Where the queues with a limit of their own stand.
    limited_at: BTreeMap<QueueName, (usize, usize)>,
    path: PathBuf,
}

impl Section {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &SectionName {
        &self.name
    }

    /// The group it belongs to, if any.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The section whose settings it uses, if it is a link; if that is one too, the one at the end.
    #[must_use]
    pub const fn link(&self) -> Option<&SectionName> {
        self.link.as_ref()
    }

    /// The database role its jobs run in, where the store has roles.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// The job types it runs; never none.
    #[must_use]
    pub fn types(&self) -> &[TypeName] {
        &self.settings.types
    }

    /// How to run it, under its own name.
    #[must_use]
    pub fn settings(&self) -> SectionSettings {
        SectionSettings { name: self.name.clone(), ..self.settings.clone() }
    }

    /// Whether the program knows all its types.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Mistake`], which lists the `known` ones.
    pub fn check_types(&self, known: &[TypeName]) -> Result<(), ConfigError> {
        for (name, &at) in self.types().iter().zip(&self.types_at) {
            if !known.contains(name) {
                let advice = among("job types", name.as_str(), known.iter().map(TypeName::as_str));
                return Err(self.mistake(at, format!("this program has no job type `{name}`; {advice}")));
            }
        }
        Ok(())
    }

    /// Whether it looks into all queues that it limits; `queues` are those that it looks into.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Mistake`], which lists the `queues`.
    pub fn check_queues(&self, queues: &[QueueName]) -> Result<(), ConfigError> {
        for (name, &at) in &self.limited_at {
            if !queues.contains(name) {
                let advice = among("queues", name.as_str(), queues.iter().map(QueueName::as_str));
                let problem = format!("section `{}` does not look into queue `{name}`; {advice}", self.name);
                return Err(self.mistake(at, problem));
            }
        }
        Ok(())
    }

    fn mistake(&self, (line, column): (usize, usize), problem: String) -> ConfigError {
        ConfigError::Mistake { path: self.path.clone(), line, column, problem }
    }
}

/// The section `table`, which is no link.
pub(super) fn read(
    name: &Spanned<SectionName>,
    table: &SectionTable,
    folder: &Path,
    places: &Places<'_>,
) -> Result<Section, ConfigError> {
    let types = table.types.as_deref().unwrap_or_default();
    if types.is_empty() {
        let problem = format!(
            "section `{name}` runs nothing: give it `types = [\"…\"]`, or a `link` to another section"
        );
        return Err(places.mistake(&name.span(), problem));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = types.iter().find(|it| !seen.insert(it.get_ref())) {
        return Err(
            places.mistake(&twice.span(), format!("job type `{twice}` is listed twice; once is enough"))
        );
    }

    let default = SectionSettings::new(name.get_ref().clone());
    let Limits { concurrency, threads, queue_limits, limited_at } = Limits::read(table, &default, places)?;
    let Pace { lease, beat, poll, scan, retention } = Pace::read(table, &default, places)?;
    let settings = SectionSettings {
        types: types.iter().map(|it| it.get_ref().clone()).collect(),
        queues: table.queues.clone().unwrap_or_default(),
        concurrency,
        threads,
        queue_limits,
        prefetch: table.prefetch.or(default.prefetch),
        zombie_limit: table.zombie_limit.or(default.zombie_limit),
        lease,
        beat,
        poll,
        scan,
        retention,
        grace: table.grace.map_or(default.grace, |it| it.0),
        delete_completed: table.delete_completed.unwrap_or(default.delete_completed),
        crash_limit: table.crash_limit.unwrap_or(default.crash_limit),
        lease_doubt: match table.lease_doubt {
            None => default.lease_doubt,
            Some(Doubt::Stop) => LeaseDoubt::Stop,
            Some(Doubt::CarryOn) => LeaseDoubt::CarryOn,
        },
        report_dir: table.reports.as_ref().map(|it| folder.join(it)),
        ..default
    };
    Ok(Section {
        name: name.get_ref().clone(),
        group: None,
        link: None,
        role: table.role.clone(),
        settings,
        limited_at,
        types_at: types.iter().map(|it| places.line_and_column(it.span().start)).collect(),
        path: places.path.to_owned(),
    })
}
