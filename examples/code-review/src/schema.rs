//! The example's own tables, as Diesel sees them.

use crate::{Connection, Error, connection::on};
use diesel::connection::SimpleConnection;

diesel::table! {
    proposal (id) {
        id -> BigInt,
        repository -> Text,
        source -> Text,
        target -> Nullable<Text>,
        subject -> Text,
        author -> Text,
        committed -> BigInt,
        heat -> Nullable<Double>,
    }
}

diesel::table! {
    proposal_diff (proposal) {
        proposal -> BigInt,
        files -> BigInt,
        insertions -> BigInt,
        deletions -> BigInt,
        patch -> Text,
        cut -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    proposal_job (job) {
        job -> crate::job_ref::JobColumn,
        proposal -> BigInt,
    }
}

diesel::joinable!(proposal_diff -> proposal (proposal));
diesel::allow_tables_to_appear_in_same_query!(proposal, proposal_diff, proposal_job);

/// Makes the tables that are not there yet, beside those of the jobs. Safe when several processes start at once.
pub(crate) fn create(conn: &mut Connection<'_>) -> Result<(), Error> {
    conn.transaction(|conn| {
        let tables = match conn {
            Connection::Sqlite(_) => include_str!("schema/sqlite.sql"),
            Connection::Postgres(_) => include_str!("schema/postgres.sql"),
        };
        Ok(on!(conn => conn.batch_execute(tables))?)
    })
}
