//! Merge proposals: the application's own rows, and how their jobs come and go with them.

use crate::{
    Connection, Diff, Error, GenerateDiff, ProposalHeat,
    connection::on,
    proposal_jobs,
    schema::{proposal, proposal_diff},
};
use diesel::prelude::*;
use serde::Serialize;

/// A proposal to merge one commit into another.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize)]
#[diesel(table_name = proposal)]
pub struct Proposal {
    /// Its number.
    pub id: i64,
    /// The git folder.
    pub repository: String,
    /// The commit that is proposed.
    pub source: String,
    /// The commit it is compared with; the empty tree if `None`.
    pub target: Option<String>,
    /// The first line of its message.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When, in seconds since 1970.
    pub committed: i64,
    /// How much it asks for attention, once that was taken.
    pub heat: Option<f64>,
}

/// A proposal that is not stored yet.
#[derive(Clone, Debug, PartialEq, Insertable)]
#[diesel(table_name = proposal)]
pub struct NewProposal {
    /// See [`Proposal::repository`].
    pub repository: String,
    /// See [`Proposal::source`].
    pub source: String,
    /// See [`Proposal::target`].
    pub target: Option<String>,
    /// See [`Proposal::subject`].
    pub subject: String,
    /// See [`Proposal::author`].
    pub author: String,
    /// See [`Proposal::committed`].
    pub committed: i64,
}

/// What [`propose`] found or made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proposed {
    /// The proposal's number.
    pub id: i64,
    /// Whether this call made it.
    pub is_new: bool,
    /// Whether this call asked for its diff: there is none, and nobody had asked yet.
    pub asked: bool,
}

/// The size of a proposal's diff.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Queryable, Selectable)]
#[diesel(table_name = proposal_diff)]
pub struct DiffSize {
    /// See [`Diff::files`].
    pub files: i64,
    /// See [`Diff::insertions`].
    pub insertions: i64,
    /// See [`Diff::deletions`].
    pub deletions: i64,
}

/// Stores the proposals that are not there yet, and asks for the diffs that are missing: all of it in one
/// transaction, so that there is never a proposal whose job was lost, nor a job without its proposal.
///
/// # Errors
///
/// What the database says; then nothing is stored. On PostgreSQL two calls that propose the same in different orders can
/// deadlock, and one of them then fails.
pub fn propose(conn: &mut Connection<'_>, new: &[NewProposal]) -> Result<Vec<Proposed>, Error> {
    conn.transaction(|conn| new.iter().map(|new| propose_one(conn, new)).collect())
}

/// Stores the proposal if it is not there yet, and asks for its diff if that is missing.
///
/// # Errors
///
/// What the database says. Call it in a transaction: the proposal and its job belong together.
pub fn propose_one(conn: &mut Connection<'_>, new: &NewProposal) -> Result<Proposed, Error> {
    let insert = diesel::insert_into(proposal::table).values(new).on_conflict_do_nothing();
    let insert = insert.returning(proposal::id);
    let made: Option<i64> = on!(conn => insert.get_result(conn).optional())?;
    let id = match made {
        Some(id) => id,
        None => {
            let same = proposal::repository.eq(&new.repository).and(proposal::source.eq(&new.source));
            on!(conn => proposal::table.filter(same).select(proposal::id).first(conn))?
        }
    };
    let has_diff = diff_size(conn, id)?.is_some();
    let asked = !has_diff && proposal_jobs::acquire(conn, id, &GenerateDiff { proposal: id })?;
    Ok(Proposed { id, is_new: made.is_some(), asked })
}

/// The proposal.
///
/// # Errors
///
/// [`Error::NoProposal`], and what the database says.
pub fn get(conn: &mut Connection<'_>, id: i64) -> Result<Proposal, Error> {
    let found = on!(conn => proposal::table.find(id).select(Proposal::as_select()).first(conn).optional())?;
    found.ok_or(Error::NoProposal { id })
}

/// The proposals, and the sizes of their diffs where they have one; the newest number first.
///
/// # Errors
///
/// What the database says.
pub fn list(conn: &mut Connection<'_>, ids: &[i64]) -> Result<Vec<(Proposal, Option<DiffSize>)>, Error> {
    let found = proposal::table.left_join(proposal_diff::table).filter(proposal::id.eq_any(ids));
    let found = found.order(proposal::id.desc());
    Ok(on!(conn => {
        found.select((Proposal::as_select(), Option::<DiffSize>::as_select())).load(conn)
    })?)
}

/// How much of two jobs for each of these proposals is done: diffs, and heats.
///
/// # Errors
///
/// What the database says.
pub fn done(conn: &mut Connection<'_>, ids: &[i64]) -> Result<i64, Error> {
    let diffs = proposal_diff::table.filter(proposal_diff::proposal.eq_any(ids)).count();
    let heats = proposal::table.filter(proposal::id.eq_any(ids).and(proposal::heat.is_not_null())).count();
    let diffs: i64 = on!(conn => diffs.get_result(conn))?;
    let heats: i64 = on!(conn => heats.get_result(conn))?;
    Ok(diffs + heats)
}

/// The proposal's diff, if it has one.
///
/// # Errors
///
/// What the database says.
pub fn diff(conn: &mut Connection<'_>, id: i64) -> Result<Option<Diff>, Error> {
    let diff = proposal_diff::table.find(id);
    Ok(on!(conn => diff.select(Diff::as_select()).first(conn).optional())?)
}

/// The size of the proposal's diff, if it has one.
///
/// # Errors
///
/// What the database says.
pub fn diff_size(conn: &mut Connection<'_>, id: i64) -> Result<Option<DiffSize>, Error> {
    let diff = proposal_diff::table.find(id);
    Ok(on!(conn => diff.select(DiffSize::as_select()).first(conn).optional())?)
}

/// Stores the proposal's diff, in place of an older one, and asks for its heat.
///
/// # Errors
///
/// What the database says. Call it in a transaction: the two belong together.
pub fn store_diff(conn: &mut Connection<'_>, id: i64, diff: &Diff) -> Result<(), Error> {
    on!(conn => diesel::delete(proposal_diff::table.find(id)).execute(conn))?;
    let insert = diesel::insert_into(proposal_diff::table).values((proposal_diff::proposal.eq(id), diff));
    on!(conn => insert.execute(conn))?;
    proposal_jobs::acquire(conn, id, &ProposalHeat { proposal: id })?;
    Ok(())
}

/// Stores the proposal's heat.
///
/// # Errors
///
/// What the database says.
pub fn store_heat(conn: &mut Connection<'_>, id: i64, heat: f64) -> Result<(), Error> {
    let update = diesel::update(proposal::table.find(id)).set(proposal::heat.eq(heat));
    on!(conn => update.execute(conn))?;
    Ok(())
}

/// Deletes the proposal, its diff and its jobs, in one transaction. A job of it that runs just now ends as gone.
/// Answers whether there was such a proposal.
///
/// # Errors
///
/// What the database says; then nothing is deleted.
pub fn delete(conn: &mut Connection<'_>, id: i64) -> Result<bool, Error> {
    conn.transaction(|conn| {
        if let Connection::Postgres(conn) = conn {
            // First, as a diff that is stored just now does: two who lock rows in different orders can deadlock.
            let locked = proposal::table.find(id).select(proposal::id).for_update();
            locked.first::<i64>(*conn).optional()?;
        }
        proposal_jobs::delete(conn, id)?;
        Ok(on!(conn => diesel::delete(proposal::table.find(id)).execute(conn))? > 0)
    })
}
