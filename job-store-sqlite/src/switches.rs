//! Switches: rows that are there while something is switched off.

use crate::{
    fields::Fields,
    statement::{SqliteRow, Statement, statements},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::store::Switch;

statements! {
    On = "INSERT INTO job_switch (kind, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Off = "DELETE FROM job_switch WHERE kind = ?1 AND name = ?2";
    All = "SELECT kind, name FROM job_switch ORDER BY kind, name";
}

/// Sets a switch. In a transaction that may write.
pub(crate) fn set(conn: &mut SqliteConnection, switch: &Switch, on: bool) -> QueryResult<()> {
    let (kind, name) = match switch {
        Switch::PauseQueue(name) => (0, name.as_str()),
        Switch::PauseType(name) => (1, name.as_str()),
        Switch::DisableSection(name) => (2, name.as_str()),
    };
    let binds = [kind.into(), name.into()];
    if on {
        On::run(conn, binds)?
    } else {
        Off::run(conn, binds)?
    };
    Ok(())
}

/// The switches that are on, in their order: by kind, then by name. One that somebody wrote past the store and that
/// does not decode is left out.
pub(crate) fn switches(conn: &mut SqliteConnection) -> QueryResult<Vec<Switch>> {
    let mut switches = Vec::new();
    All::each(conn, [], |row| {
        switches.extend(switch(row));
        true
    })?;
    Ok(switches)
}

fn switch(row: &SqliteRow<'_, '_>) -> Option<Switch> {
    let mut fields = Fields::of(row);
    match fields.number()? {
        0 => fields.parsed(str::parse).map(Switch::PauseQueue),
        1 => fields.parsed(str::parse).map(Switch::PauseType),
        2 => fields.parsed(str::parse).map(Switch::DisableSection),
        _ => None,
    }
}
