//! Our SQL as Diesel queries: prepared once per connection, with numbered binds, and rows read by position.

pub(crate) mod bind;
pub(crate) mod condition;
pub(crate) mod fields;
pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod texts;

use crate::statement::bind::Bind;
use diesel::{
    QueryResult,
    connection::LoadConnection,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    row::Row,
    sql_types::Untyped,
};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use futures_util::TryStreamExt;
use std::marker::PhantomData;

/// A text and what is bound to it.
///
/// Diesel's `sql_query` and most of its query builder are prepared again for every call; this is not.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    text: &'a str,
    binds: Vec<Bind<'a>>,
}

/// What is read from a row, by position.
pub(crate) trait FromRow: Sized {
    /// Reads it.
    fn from_row<'a>(row: &impl Row<'a, Pg>) -> QueryResult<Self>;
}

/// What reads rows of which not all is in the row.
pub(crate) trait Read {
    /// What it makes of a row.
    type Item;

    /// Reads a row.
    fn read<'a>(&self, row: &impl Row<'a, Pg>) -> QueryResult<Self::Item>;
}

/// Reads what is all in the row.
struct Whole<T>(PhantomData<T>);

impl<T: FromRow> Read for Whole<T> {
    type Item = T;

    fn read<'a>(&self, row: &impl Row<'a, Pg>) -> QueryResult<T> {
        T::from_row(row)
    }
}

impl<'a> Statement<'a> {
    /// `text` with `binds` for `$1`, `$2`, ….
    pub(crate) fn new(text: &'a str, binds: Vec<Bind<'a>>) -> Self {
        Self { text, binds }
    }

    /// Runs it, and gives the rows.
    pub(crate) async fn rows<T: FromRow>(self, conn: &mut AsyncPgConnection) -> QueryResult<Vec<T>> {
        self.read(conn, &Whole(PhantomData)).await
    }

    /// Runs it, and gives what `reader` makes of the rows.
    pub(crate) async fn read<R: Read>(
        self,
        conn: &mut AsyncPgConnection,
        reader: &R,
    ) -> QueryResult<Vec<R::Item>> {
        let mut rows = AsyncConnectionCore::load(conn, self).await?;
        let mut read = Vec::new();
        while let Some(row) = rows.try_next().await? {
            read.push(reader.read(&row)?);
        }
        Ok(read)
    }

    /// Runs it, and gives the first row, if there is one.
    pub(crate) async fn first<T: FromRow>(self, conn: &mut AsyncPgConnection) -> QueryResult<Option<T>> {
        Ok(self.rows(conn).await?.into_iter().next())
    }

    /// Runs it, and gives how many rows it changed.
    pub(crate) async fn run(self, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
        AsyncConnectionCore::execute_returning_count(conn, self).await
    }

    /// The same as [`rows`](Self::rows), on a synchronous connection.
    pub(crate) fn rows_sync<T: FromRow, C>(self, conn: &mut C) -> QueryResult<Vec<T>>
    where
        C: LoadConnection<Backend = Pg>,
    {
        LoadConnection::load(conn, self)?.map(|row| T::from_row(&row?)).collect()
    }
}

/// By its text: a static id would share one prepared statement between two schemas.
impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

/// Diesel writes a mark of its own for each bind. Our texts number theirs, so Diesel's go into a comment.
impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.text);
        out.push_sql("\n-- ");
        for bind in &self.binds {
            bind.push(&mut out)?;
        }
        Ok(())
    }
}
