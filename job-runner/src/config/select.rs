//! Which sections a command means.

use super::{Config, ConfigError, Section};
use std::collections::BTreeSet;

/// Sections by name, and by group.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// These, in this order.
    pub sections: Vec<String>,
    /// Then the sections of these groups, sorted by name.
    pub groups: Vec<String>,
    /// But none of these.
    pub exclude: Vec<String>,
}

impl Config {
    /// The groups there are, sorted.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<&str> {
        self.sections().filter_map(Section::group).collect()
    }

    /// The sections of `group`, sorted by name.
    pub fn members(&self, group: &str) -> impl Iterator<Item = &Section> {
        self.sections().filter(move |it| it.group() == Some(group))
    }

    /// The sections that are meant, each once.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unknown`], which lists those there are.
    pub fn select(&self, selection: &Selection) -> Result<Vec<&Section>, ConfigError> {
        let mut selected = Vec::new();
        for name in &selection.sections {
            selected.push(self.section(name)?);
        }
        let mut grouped = Vec::new();
        for group in &selection.groups {
            let before = grouped.len();
            grouped.extend(self.members(group));
            if grouped.len() == before {
                return Err(ConfigError::unknown(self, "group", group, self.groups().into_iter()));
            }
        }
        grouped.sort_by_key(|it| it.name());
        selected.append(&mut grouped);
        for name in &selection.exclude {
            self.section(name)?;
        }
        let mut seen: BTreeSet<&str> = selection.exclude.iter().map(String::as_str).collect();
        selected.retain(|it| seen.insert(it.name().as_str()));
        Ok(selected)
    }
}
