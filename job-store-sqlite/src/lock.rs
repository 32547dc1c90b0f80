//! Leased locks: a row for each lock that is held.

use crate::{
    fields::Fields,
    statement::{Statement, statements},
};
use diesel::{QueryResult, SqliteConnection};
use job_core::{
    Text, Timestamp,
    store::{Lock, LockRequest},
};

statements! {
    Held = "SELECT holder, words, expires FROM job_lock WHERE name = ?1";
    Take = include_str!("sql/lock.sql");
    GiveUp = "DELETE FROM job_lock WHERE name = ?1";
}

/// Takes the lock, extends it or gives it up. In a transaction that may write, so that one of many takes it.
pub(crate) fn lock(conn: &mut SqliteConnection, request: &LockRequest, now: Timestamp) -> QueryResult<Lock> {
    let name = request.name.as_str();
    let held = Held::one(conn, [name.into()], |row| {
        let mut fields = Fields::of(row);
        (fields.actor_id(), fields.text(), fields.time().unwrap_or_default())
    })?;
    if let Some((holder, words, until)) = held
        && until > now
        && holder != Some(request.by)
    {
        return Ok(Lock::Busy { holder: Text::from(&*words.unwrap_or_default()), until });
    }
    if request.lease.is_zero() {
        GiveUp::run(conn, [name.into()])?;
        return Ok(Lock::GivenUp);
    }
    let until = now + request.lease;
    Take::run(conn, [name.into(), (&request.by).into(), request.holder.as_str().into(), until.into()])?;
    Ok(Lock::Taken { until })
}
