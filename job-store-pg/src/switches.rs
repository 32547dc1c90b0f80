//! Switches: a row for each that is on.

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, fields::Fields},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    BoxError, QueueName, SectionName, TypeName,
    store::{StoreError, Switch},
};
use std::sync::Arc;

/// Sets a switch.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) switch: Switch,
    pub(crate) on: bool,
}

impl Call for Set {
    type Answer = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<(), CallError> {
        let (kind, name): (i64, &str) = match &self.switch {
            Switch::PauseQueue(name) => (0, name.as_str()),
            Switch::PauseType(name) => (1, name.as_str()),
            Switch::DisableSection(name) => (2, name.as_str()),
        };
        let text = if self.on { &session.texts.switch_on } else { &session.texts.switch_off };
        Statement::new(text, vec![kind.into(), name.into()]).run(session.conn).await?;
        Ok(())
    }
}

/// Reads those that are on.
#[derive(Debug)]
pub(crate) struct Read;

impl Call for Read {
    type Answer = Vec<Switch>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Vec<Switch>, CallError> {
        let rows: Vec<SwitchRow> =
            Statement::new(&session.texts.switches, Vec::new()).rows(session.conn).await?;
        let mut switches = rows.into_iter().map(|it| it.switch()).collect::<Result<Vec<_>, _>>()?;
        switches.sort();
        Ok(switches)
    }
}

struct SwitchRow {
    kind: i16,
    name: Arc<str>,
}

impl SwitchRow {
    fn switch(&self) -> Result<Switch, StoreError> {
        let wrong =
            |source: BoxError| StoreError::Other(format!("a row of the table switch: {source}").into());
        match self.kind {
            0 => QueueName::new(&self.name).map(Switch::PauseQueue),
            1 => TypeName::new(&self.name).map(Switch::PauseType),
            2 => SectionName::new(&self.name).map(Switch::DisableSection),
            other => return Err(wrong(format!("there is no kind of switches {other}").into())),
        }
        .map_err(|error| wrong(error.into()))
    }
}

impl FromRow for SwitchRow {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        Ok(Self { kind: fields.small().unwrap_or_default(), name: fields.text().unwrap_or_default() })
    }
}
