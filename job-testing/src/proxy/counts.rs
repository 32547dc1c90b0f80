//! What clients say, counted.

/// How many messages of each kind clients have sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Statements that were prepared.
    pub parse: u64,
    /// Values that were bound to a prepared statement.
    pub bind: u64,
    /// Statements that were executed, of those that were bound.
    pub execute: u64,
    /// Statements that were sent as text, with no values: BEGIN, COMMIT and SET, as a rule.
    pub query: u64,
    /// Ends of what was sent before, each of which is a commit unless a transaction is open.
    pub sync: u64,
}

impl Counts {
    /// How often a client waited for an answer, if none sends ahead.
    #[must_use]
    pub const fn round_trips(self) -> u64 {
        self.query + self.sync
    }

    /// What came after `before`.
    ///
    /// # Panics
    ///
    /// If `before` is the later of both.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            parse: self.parse - before.parse,
            bind: self.bind - before.bind,
            execute: self.execute - before.execute,
            query: self.query - before.query,
            sync: self.sync - before.sync,
        }
    }

    /// A message of this kind was sent.
    pub(super) const fn saw(&mut self, kind: u8) {
        match kind {
            b'P' => self.parse += 1,
            b'B' => self.bind += 1,
            b'E' => self.execute += 1,
            b'Q' => self.query += 1,
            b'S' => self.sync += 1,
            _ => {}
        }
    }
}
