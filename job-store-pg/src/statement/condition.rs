//! A condition on rows that is put together, with its binds.

use crate::{
    connection::session::Session,
    statement::{FromRow, Statement, bind::Bind},
};
use diesel::QueryResult;

/// What rows must fit; all, if nothing is said.
#[derive(Debug, Default)]
pub(crate) struct Condition<'a> {
    sql: String,
    binds: Vec<Bind<'a>>,
}

impl<'a> Condition<'a> {
    /// Further, they must fit `sql`.
    pub(crate) fn and(&mut self, sql: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE (" } else { " AND (" });
        self.sql.push_str(sql);
        self.sql.push(')');
    }

    /// Further, `column` must compare to `value`.
    pub(crate) fn and_compared(&mut self, column: &str, comparison: &str, value: impl Into<Bind<'a>>) {
        let value = self.bind(value);
        self.and(&format!("{column} {comparison} {value}"));
    }

    /// Further, `column` must be one of these texts.
    pub(crate) fn and_among(&mut self, column: &str, texts: impl IntoIterator<Item = &'a str>) {
        let mut texts: Vec<&str> = texts.into_iter().collect();
        // Of one text an index knows how its rows are sorted.
        if let (1, Some(text)) = (texts.len(), texts.first().copied()) {
            self.and_compared(column, "=", text);
        } else {
            let list = self.bind(Bind::texts(texts.drain(..)));
            self.and(&format!("{column} = ANY({list})"));
        }
    }

    /// The mark of a further bind.
    pub(crate) fn bind(&mut self, value: impl Into<Bind<'a>>) -> String {
        let value = value.into();
        let cast = value.cast();
        self.binds.push(value);
        format!("${}::{cast}", self.binds.len())
    }

    /// The rows of `select`, this condition and `rest`.
    pub(crate) async fn rows<T: FromRow>(
        self,
        session: &mut Session<'_>,
        select: &str,
        rest: &str,
    ) -> QueryResult<Vec<T>> {
        let text = format!("{select}{} {rest}", self.sql);
        Statement::new(&text, self.binds).rows(session.conn).await
    }
}
