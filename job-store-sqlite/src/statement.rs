//! Our SQL as Diesel queries: prepared once per connection, with numbered binds, and rows read by position.

use diesel::{
    QueryResult, SqliteConnection,
    connection::{Connection, LoadConnection},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    row::Row,
    sql_types::{BigInt, Binary, Nullable, Text, Untyped},
    sqlite::Sqlite,
};
use job_core::{ActorId, JobId, Timestamp};
use std::{borrow::Cow, marker::PhantomData};

/// A statement whose text never changes. Its type is its key in the connection's cache of prepared statements.
///
/// Diesel's `sql_query` and most of its query builder are prepared again for every call.
pub(crate) trait Statement: Sized + 'static {
    /// The text. Binds are written `?1`, `?2`, …
    const SQL: &'static str;

    /// Runs it, and gives how many rows it changed.
    fn run<const N: usize>(conn: &mut SqliteConnection, binds: [Value<'_>; N]) -> QueryResult<usize> {
        conn.execute_returning_count(&Bound::<Self, N> { binds, statement: PhantomData })
    }

    /// Runs it, and gives each row to `read` as it comes, for as long as that gives true.
    fn each<const N: usize>(
        conn: &mut SqliteConnection,
        binds: [Value<'_>; N],
        read: impl FnMut(&SqliteRow<'_, '_>) -> bool,
    ) -> QueryResult<()> {
        each_row(conn, Bound::<Self, N> { binds, statement: PhantomData }, read)
    }

    /// Runs it, and gives what `read` makes of its row, if it gives one. To its end, so that what it writes is written.
    fn one<T, const N: usize>(
        conn: &mut SqliteConnection,
        binds: [Value<'_>; N],
        mut read: impl FnMut(&SqliteRow<'_, '_>) -> T,
    ) -> QueryResult<Option<T>> {
        let mut one = None;
        Self::each(conn, binds, |row| {
            one = Some(read(row));
            true
        })?;
        Ok(one)
    }
}

/// Declares statements: a type for each text, which may be put together from several files.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $($text:expr),+;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl $crate::statement::Statement for $name {
            const SQL: &'static str = concat!($($text),+);
        }
    )*};
}
pub(crate) use statements;

/// How many rows go into one statement: it costs as much as a row.
pub(crate) const EIGHT: usize = 8;

/// A text as often as [`EIGHT`] says.
macro_rules! eight {
    ($row:expr) => {
        concat!($row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row, ",", $row)
    };
}
pub(crate) use eight;

/// A row as it comes.
pub(crate) type SqliteRow<'conn, 'query> = <SqliteConnection as LoadConnection>::Row<'conn, 'query>;

/// What is bound.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// NULL.
    Null,
    /// A number.
    Number(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes, such as an id.
    Bytes(&'a [u8; 16]),
    /// The same, owned.
    Id([u8; 16]),
}

/// A statement and what is bound to it.
struct Bound<'a, S, const N: usize> {
    binds: [Value<'a>; N],
    statement: PhantomData<S>,
}

impl<S: Statement, const N: usize> QueryId for Bound<'_, S, N> {
    type QueryId = S;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Statement, const N: usize> QueryFragment<Sqlite> for Bound<'_, S, N> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        walk(out, S::SQL, &self.binds)
    }
}

impl<S, const N: usize> Query for Bound<'_, S, N> {
    type SqlType = Untyped;
}

/// A statement whose text is put together; it is prepared once for each text.
#[derive(Clone, Debug)]
pub(crate) struct Composed {
    /// The text.
    pub(crate) sql: String,
    /// What is bound.
    pub(crate) binds: Vec<Value<'static>>,
}

impl Composed {
    /// Runs it, and gives each row to `read` as it comes, for as long as that gives true.
    pub(crate) fn each(
        &self,
        conn: &mut SqliteConnection,
        read: impl FnMut(&SqliteRow<'_, '_>) -> bool,
    ) -> QueryResult<()> {
        each_row(conn, self, read)
    }
}

impl QueryId for Composed {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Composed {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        walk(out, &self.sql, &self.binds)
    }
}

impl Query for Composed {
    type SqlType = Untyped;
}

fn each_row<'query>(
    conn: &mut SqliteConnection,
    query: impl Query<SqlType = Untyped> + QueryFragment<Sqlite> + QueryId + 'query,
    mut read: impl FnMut(&SqliteRow<'_, '_>) -> bool,
) -> QueryResult<()> {
    for row in LoadConnection::load(conn, query)? {
        if !read(&row?) {
            break;
        }
    }
    Ok(())
}

/// Diesel writes a `?` of its own for each bind. Our texts number theirs, so Diesel's go into a comment.
fn walk<'b>(mut out: AstPass<'_, 'b, Sqlite>, sql: &str, binds: &'b [Value<'_>]) -> QueryResult<()> {
    out.push_sql(sql);
    out.push_sql("\n--");
    for value in binds {
        match value {
            Value::Null => out.push_bind_param::<Nullable<Text>, _>(&None::<&str>)?,
            Value::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
            Value::Text(text) => out.push_bind_param::<Text, str>(text)?,
            Value::Bytes(bytes) => out.push_bind_param::<Binary, [u8]>(bytes.as_slice())?,
            Value::Id(bytes) => out.push_bind_param::<Binary, [u8]>(bytes.as_slice())?,
        }
    }
    Ok(())
}

/// `N` binds, which come from several parts.
pub(crate) fn together<'a, const N: usize>(parts: impl IntoIterator<Item = Value<'a>>) -> [Value<'a>; N] {
    let mut parts = parts.into_iter();
    std::array::from_fn(|_| parts.next().unwrap_or(Value::Null))
}

/// The number in the column `at`; 0 for NULL.
pub(crate) fn number<'a>(row: &impl Row<'a, Sqlite>, at: usize) -> i64 {
    use diesel::row::Field;
    row.get(at).and_then(|field| field.value().map(|mut value| value.read_long())).unwrap_or_default()
}

impl<T: Into<Self>> From<Option<T>> for Value<'_> {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}

impl From<i64> for Value<'_> {
    fn from(it: i64) -> Self {
        Self::Number(it)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(it: Timestamp) -> Self {
        Self::Number(it.as_micros())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(it: &'a str) -> Self {
        Self::Text(Cow::Borrowed(it))
    }
}

impl From<String> for Value<'_> {
    fn from(it: String) -> Self {
        Self::Text(Cow::Owned(it))
    }
}

impl<'a> From<&'a JobId> for Value<'a> {
    fn from(it: &'a JobId) -> Self {
        Self::Bytes(it.as_uuid().as_bytes())
    }
}

impl<'a> From<&'a ActorId> for Value<'a> {
    fn from(it: &'a ActorId) -> Self {
        Self::Bytes(it.as_uuid().as_bytes())
    }
}

impl From<JobId> for Value<'_> {
    fn from(it: JobId) -> Self {
        Self::Id(it.as_uuid().into_bytes())
    }
}
