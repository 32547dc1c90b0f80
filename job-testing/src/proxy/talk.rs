//! What is known of a conversation: what was asked, what was answered, and whether a transaction is open.

use super::{
    cut::{Side, Write},
    message::Message,
};

/// A conversation between a client and a server.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// Questions that get an answer, the greeting first.
    asked: u64,
    answered: u64,
    /// Whether a statement was executed since the last end.
    executed: bool,
    /// Whether a transaction is open, as far as the server has said.
    open: bool,
    /// The question whose answer nobody may see.
    withheld: Option<u64>,
}

/// What becomes of something the server said.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    /// It is passed on.
    Passes,
    /// It is kept from the client.
    Vanishes,
    /// It was the end of what is kept from the client.
    EndsAll,
}

impl Talk {
    /// The client is about to say this: what it makes the server write.
    pub(super) fn writes(&self, message: &Message) -> Option<Write> {
        match message.kind {
            Some(b'Q') if message.commits() => Some(Write::Transaction),
            Some(b'S') if self.executed && !self.open => Some(Write::Statement),
            _ => None,
        }
    }

    /// The client said this, and is `cut` there.
    pub(super) fn asks(&mut self, message: &Message, cut: Option<Side>) {
        match message.kind {
            Some(b'E') => self.executed = true,
            None | Some(b'Q' | b'S' | b'F') => {
                self.asked += 1;
                self.executed = false;
                if cut == Some(Side::After) {
                    self.withheld = Some(self.asked);
                }
            }
            _ => {}
        }
    }

    /// The server said this.
    pub(super) fn answers(&mut self, message: &Message) -> Fate {
        let withheld = self.withheld == Some(self.answered + 1);
        let ready = message.kind == Some(b'Z');
        if ready {
            self.answered += 1;
            self.open = message.body().first() != Some(&b'I');
        }
        match (withheld, ready) {
            (false, _) => Fate::Passes,
            (true, false) => Fate::Vanishes,
            (true, true) => Fate::EndsAll,
        }
    }
}
