//! The store's clock: the server's.

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, fields::Fields},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::Timestamp;

/// Asks for the time.
#[derive(Debug)]
pub(crate) struct Now;

impl Call for Now {
    type Answer = Timestamp;

    async fn run(&self, session: &mut Session<'_>) -> Result<Timestamp, CallError> {
        let time: Option<Time> = Statement::new(&session.texts.now, Vec::new()).first(session.conn).await?;
        time.map(|it| it.0).ok_or_else(|| diesel::result::Error::NotFound.into())
    }
}

/// A time alone in its row.
pub(crate) struct Time(pub(crate) Timestamp);

impl FromRow for Time {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        Ok(Self(Fields::of(row).time().unwrap_or_default()))
    }
}
