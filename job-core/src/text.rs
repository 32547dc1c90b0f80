//! Text from outside, such as error messages, made safe to keep and to print.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// An error message or a reason: at most 8 KiB, without control characters but newline and tab.
///
/// Made from anything, it never fails: a NUL that a database refuses or an escape code that a terminal obeys
/// becomes `U+FFFD`, and what is too long is cut, with a word about how much. Cleaning twice changes nothing,
/// so a text reads back from a store as it was written.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub struct Text(Arc<str>);

impl Text {
    /// The longest text, in bytes, the word about the cut included.
    pub const LONGEST: usize = 8 * 1024;

    /// Cleans what `text` displays.
    #[must_use]
    pub fn new(text: impl fmt::Display) -> Self {
        let mut clean = Cleaner { kept: String::new(), cut: 0 };
        // A Display that fails has written what it could.
        let _ = fmt::Write::write_fmt(&mut clean, format_args!("{text}"));
        Self(clean.finish().into())
    }

    /// The text of `error` and of its sources, each after a colon.
    #[must_use]
    pub fn of_error(error: &(dyn std::error::Error + 'static)) -> Self {
        struct Chain<'a>(&'a (dyn std::error::Error + 'static));
        impl fmt::Display for Chain<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)?;
                let mut next = self.0.source();
                while let Some(source) = next {
                    write!(f, ": {source}")?;
                    next = source.source();
                }
                Ok(())
            }
        }
        Self::new(Chain(error))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Text> for String {
    fn from(it: Text) -> Self {
        it.0.as_ref().to_owned()
    }
}

/// Keeps the first bytes while it is written to, so that ten megabytes of message cost no memory.
struct Cleaner {
    kept: String,
    cut: usize,
}

impl Cleaner {
    fn finish(mut self) -> String {
        if self.cut == 0 {
            return self.kept;
        }
        // Room for the longest word about the cut.
        let mut end = Text::LONGEST - 40;
        while !self.kept.is_char_boundary(end) {
            end -= 1;
        }
        let cut = self.cut + self.kept.len() - end;
        self.kept.truncate(end);
        format!("{}… ({cut} bytes cut)", self.kept)
    }
}

impl fmt::Write for Cleaner {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let c = if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
            if self.cut == 0 && self.kept.len() + c.len_utf8() <= Text::LONGEST {
                self.kept.push(c);
            } else {
                self.cut += c.len_utf8();
            }
        }
        Ok(())
    }
}
