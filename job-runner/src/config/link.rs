//! Links: a section that is as another one says, under a name of its own.

use super::{
    ConfigError,
    file::SectionTable,
    nearest::among,
    place::Places,
    section::{Section, read},
};
use job_core::SectionName;
use std::{collections::BTreeMap, path::Path};
use toml::Spanned;

type Tables = BTreeMap<Spanned<SectionName>, SectionTable>;

/// The sections, each as the one says where its links end.
pub(super) fn resolve(
    tables: &Tables,
    folder: &Path,
    places: &Places<'_>,
) -> Result<BTreeMap<SectionName, Section>, ConfigError> {
    let mut sections = BTreeMap::new();
    for (name, table) in tables {
        if let Some(group) = table.group.as_ref().filter(|it| it.get_ref().is_empty()) {
            return Err(places.mistake(&group.span(), "the group has no name; name it, or leave `group` out"));
        }
        let (end, body) = follow(name, table, tables, places)?;
        let mut section = read(end, body, folder, places)?;
        section.name = name.get_ref().clone();
        section.group = table.group.as_ref().map(|it| it.get_ref().clone());
        section.link = (end != name).then(|| end.get_ref().clone());
        sections.insert(name.get_ref().clone(), section);
    }
    Ok(sections)
}

/// The section where the links that begin at `name` end.
fn follow<'a>(
    mut name: &'a Spanned<SectionName>,
    mut table: &'a SectionTable,
    tables: &'a Tables,
    places: &Places<'_>,
) -> Result<(&'a Spanned<SectionName>, &'a SectionTable), ConfigError> {
    let mut way = vec![name.get_ref().as_str()];
    while let Some(link) = &table.link {
        if let Some(other) = table.beside_link() {
            let problem = format!(
                "a section with a `link` is as `{}` says; take out `{other}`, or the link",
                link.get_ref()
            );
            return Err(places.mistake(&link.span(), problem));
        }
        let Some(next) = tables.get_key_value(link) else {
            let known = tables.keys().map(|it| it.get_ref().as_str());
            let advice = among("sections", link.get_ref().as_str(), known);
            let problem = format!("the link leads to no section: `{}`; {advice}", link.get_ref());
            return Err(places.mistake(&link.span(), problem));
        };
        (name, table) = next;
        way.push(name.get_ref().as_str());
        if way[..way.len() - 1].contains(&name.get_ref().as_str()) {
            let problem = format!("the links lead in a circle: {}; end it somewhere", way.join(" -> "));
            return Err(places.mistake(&link.span(), problem));
        }
    }
    Ok((name, table))
}
