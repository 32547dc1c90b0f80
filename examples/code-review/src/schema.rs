//! The example's own tables, as Diesel sees them.

use diesel::{SqliteConnection, connection::SimpleConnection, result::QueryResult};

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
    proposal_job (job) {
        job -> Binary,
        proposal -> BigInt,
    }
}

diesel::joinable!(proposal_diff -> proposal (proposal));
diesel::allow_tables_to_appear_in_same_query!(proposal, proposal_diff, proposal_job);

/// Makes the tables that are not there yet, beside those of the jobs. Safe when several processes start at once.
pub(crate) fn create(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.immediate_transaction(|conn| conn.batch_execute(include_str!("schema.sql")))
}
