//! A column of the application's own that refers to a job, on either database.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{Binary, SqlType},
    sqlite::Sqlite,
};
use job_core::JobId;
use std::io::Write;
use uuid::Uuid;

/// The type of such a column: that of the id in the table it refers to.
#[derive(Clone, Copy, Debug, SqlType, diesel::query_builder::QueryId)]
#[diesel(sqlite_type(name = "Binary"), postgres_type(oid = 2950, array_oid = 2951))]
pub struct JobColumn;

/// What is in such a column.
#[derive(AsExpression, Clone, Copy, Debug, Eq, FromSqlRow, PartialEq)]
#[diesel(sql_type = JobColumn)]
pub struct JobRef(pub JobId);

impl ToSql<JobColumn, Sqlite> for JobRef {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_uuid().as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

impl ToSql<JobColumn, Pg> for JobRef {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_uuid().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<JobColumn, Sqlite> for JobRef {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(JobId::from_uuid(Uuid::from_slice(&bytes)?)))
    }
}

impl FromSql<JobColumn, Pg> for JobRef {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(JobId::from_uuid(Uuid::from_slice(value.as_bytes())?)))
    }
}
