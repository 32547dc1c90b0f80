//! The points at which a connection is cut.

/// A point in the life of a connection, at which nobody can know on which side of it the other one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cut {
    /// At a write of this kind.
    pub write: Write,
    /// On this side of it.
    pub side: Side,
    /// How many such writes pass before it, all connections together.
    pub skip: u32,
}

/// What makes a server commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Write {
    /// The `COMMIT` of a transaction.
    Transaction,
    /// The end of a prepared statement that was executed outside of a transaction.
    Statement,
}

/// Before or after the server has committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The server never hears of it, and keeps nothing.
    Before,
    /// The server has committed, and nothing of its answer reaches the client.
    After,
}

impl Cut {
    /// Whether the time has come, with this `write`.
    pub(super) const fn comes(&mut self, write: Write) -> bool {
        if !matches!(
            (self.write, write),
            (Write::Transaction, Write::Transaction) | (Write::Statement, Write::Statement)
        ) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        true
    }
}
