//! A condition on rows that is put together, with its binds.

use crate::statement::{Composed, Value};

/// What rows must fit; all, if nothing is said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Condition {
    sql: String,
    binds: Vec<Value<'static>>,
}

impl Condition {
    /// Further, they must fit `sql`.
    pub(crate) fn and(&mut self, sql: &str) {
        self.sql.push_str(if self.sql.is_empty() { " WHERE (" } else { " AND (" });
        self.sql.push_str(sql);
        self.sql.push(')');
    }

    /// Further, `column` must equal `value`.
    pub(crate) fn and_equal(&mut self, column: &str, value: impl Into<Value<'static>>) {
        self.and_compared(column, "=", value);
    }

    /// Further, `column` must compare to `value`.
    pub(crate) fn and_compared(&mut self, column: &str, comparison: &str, value: impl Into<Value<'static>>) {
        let value = self.bind(value);
        self.and(&format!("{column} {comparison} {value}"));
    }

    /// Further, `column` must be one of these texts.
    pub(crate) fn and_among<'a>(&mut self, column: &str, texts: impl ExactSizeIterator<Item = &'a str>) {
        let texts: Vec<&str> = texts.collect();
        match texts.as_slice() {
            // Of one text an index knows how its rows are sorted.
            [text] => self.and_equal(column, (*text).to_owned()),
            texts => {
                let list = self.bind(json(texts.iter().copied()));
                self.and(&format!("{column} IN (SELECT value FROM json_each({list}))"));
            }
        }
    }

    /// The mark of a further bind.
    pub(crate) fn bind(&mut self, value: impl Into<Value<'static>>) -> String {
        self.binds.push(value.into());
        format!("?{}", self.binds.len())
    }

    /// `select`, then this condition, then `rest`.
    pub(crate) fn of(self, select: &str, rest: &str) -> Composed {
        Composed { sql: format!("{select}{} {rest}", self.sql), binds: self.binds }
    }
}

/// A JSON array, to be taken apart by `json_each`.
pub(crate) fn json(values: impl IntoIterator<Item: Into<serde_json::Value>>) -> Value<'static> {
    serde_json::Value::from_iter(values).to_string().into()
}
