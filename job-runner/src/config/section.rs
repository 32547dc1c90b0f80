//! One section of the configuration, ready to be run.

use super::{
    ConfigError,
    file::{Doubt, SectionTable},
    nearest::among,
    place::Places,
};
use crate::{LeaseDoubt, SectionSettings};
use job_core::{SectionName, TypeName};
use std::{
    collections::BTreeSet,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
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
        for (name, &(line, column)) in self.types().iter().zip(&self.types_at) {
            if !known.contains(name) {
                let advice = among("job types", name.as_str(), known.iter().map(TypeName::as_str));
                let problem = format!("this program has no job type `{name}`; {advice}");
                return Err(ConfigError::Mistake { path: self.path.clone(), line, column, problem });
            }
        }
        Ok(())
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
    let concurrency = match &table.concurrency {
        None => default.concurrency,
        Some(count) => NonZeroU32::new(*count.get_ref()).ok_or_else(|| {
            places.mistake(&count.span(), "a concurrency of 0 runs nothing; 1 is the least")
        })?,
    };
    let (lease, beat) = lease_and_beat(table, &default, places)?;
    let settings = SectionSettings {
        types: types.iter().map(|it| it.get_ref().clone()).collect(),
        queues: table.queues.clone().unwrap_or_default(),
        concurrency,
        lease,
        beat,
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
        types_at: types.iter().map(|it| places.line_and_column(it.span().start)).collect(),
        path: places.path.to_owned(),
    })
}

/// A lease must survive a beat that comes late, so it lasts two beats at least.
fn lease_and_beat(
    table: &SectionTable,
    default: &SectionSettings,
    places: &Places<'_>,
) -> Result<(Duration, Duration), ConfigError> {
    let lease = table.lease.as_ref().map_or(default.lease, |it| it.get_ref().0);
    // A short lease alone is a plain wish: the beat follows it.
    let beat = match &table.beat {
        Some(beat) => beat.get_ref().0,
        None => default.beat.min(lease / 3),
    };
    if beat.is_zero() || beat > lease / 2 {
        let span = table.lease.as_ref().or(table.beat.as_ref()).map_or(0..0, Spanned::span);
        let problem = if beat.is_zero() {
            "leases and beats need some time, such as \"30s\" and \"10s\"".to_owned()
        } else {
            format!(
                "a lease of {lease:?} is too short for a beat of {beat:?}: it must last two beats at least, or one \
                 late beat loses the jobs"
            )
        };
        return Err(places.mistake(&span, problem));
    }
    Ok((lease, beat))
}
