//! Leased locks.

use crate::{
    call::Call,
    connection::session::Session,
    error::CallError,
    statement::{FromRow, Statement, bind::Bind, fields::Fields},
};
use diesel::{QueryResult, pg::Pg, row::Row};
use job_core::{
    Text, Timestamp,
    store::{Lock, LockRequest, StoreError},
};

/// How often a lock may change hands between refusal and look.
const TRIES: u32 = 10;

/// Takes a lock, extends it, or gives it up.
#[derive(Debug)]
pub(crate) struct Ask(pub(crate) LockRequest);

impl Call for Ask {
    type Answer = Lock;

    async fn run(&self, session: &mut Session<'_>) -> Result<Lock, CallError> {
        let LockRequest { name, by, holder, lease, clock } = &self.0;
        for _ in 0..TRIES {
            let mut binds = vec![name.as_str().into(), (*by).into()];
            let text = if lease.is_zero() {
                &session.texts.unlock
            } else {
                binds.extend([holder.as_str().into(), Bind::duration(*lease)]);
                &session.texts.lock
            };
            binds.push(Bind::clock(*clock));
            let row: Option<LockRow> = Statement::new(text, binds).first(session.conn).await?;
            match row {
                Some(LockRow { mine: true, until, .. }) => return Ok(Lock::Taken { until }),
                Some(LockRow { mine: false, words, until }) => {
                    return Ok(Lock::Busy { holder: words, until });
                }
                None if lease.is_zero() => return Ok(Lock::GivenUp),
                None => {}
            }
        }
        Err(StoreError::Unavailable("the lock keeps changing hands".into()).into())
    }
}

struct LockRow {
    mine: bool,
    words: Text,
    until: Timestamp,
}

impl FromRow for LockRow {
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self> {
        let mut fields = Fields::of(row);
        Ok(Self {
            mine: fields.flag(),
            words: Text::new(fields.text().unwrap_or_default()),
            until: fields.time().unwrap_or_default(),
        })
    }
}
