//! Where in the file something is wrong.

use super::{ConfigError, nearest::among};
use std::{ops::Range, path::Path};

/// The text of a file, to tell the line and the column of what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
}

impl Places<'_> {
    /// `problem` is at `span`.
    pub(super) fn mistake(&self, span: &Range<usize>, problem: impl Into<String>) -> ConfigError {
        let (line, column) = self.line_and_column(span.start);
        ConfigError::Mistake { path: self.path.to_owned(), line, column, problem: problem.into() }
    }

    /// The line and the column of a byte, both from 1.
    pub(super) fn line_and_column(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line_begins = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_begins..].chars().count() + 1)
    }

    /// What the TOML reader has to say.
    pub(super) fn of_toml(&self, error: &toml::de::Error) -> ConfigError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message();
        self.mistake(&span, unknown_setting(message).unwrap_or_else(|| plain(message)))
    }
}

/// A better word for serde's "unknown field `a`, expected one of `b`, `c`": with what may have been meant.
fn unknown_setting(message: &str) -> Option<String> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let wrong = names.next()?;
    Some(format!("there is no setting `{wrong}` here; {}", among("settings", wrong, names)))
}

/// The message on one line, in words of the file and not of its reader.
fn plain(message: &str) -> String {
    let message = message.replace('\n', " ");
    if let Some(choice) = message.strip_prefix("unknown variant ") {
        return choice.replacen(", ", " is none of the choices; ", 1);
    }
    let wrong = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    match wrong.and_then(|it| it.rsplit_once(", expected ")) {
        Some((found, expected)) => {
            format!("{found} does not fit here; expected {}", fitting(found, expected))
        }
        None => message,
    }
}

/// What fits, and how the value that was `found` would be written as such.
fn fitting(found: &str, expected: &str) -> String {
    match (expected, found.strip_prefix("string ")) {
        ("a sequence", Some(text)) => format!("a list, such as [{text}]"),
        ("a sequence", None) => "a list, such as [\"mail\"]".to_owned(),
        ("u32", _) => "a whole number, 0 or more".to_owned(),
        ("a boolean", _) => "true or false".to_owned(),
        ("a string" | "path string", _) => "text in quotes".to_owned(),
        ("a map", _) => "a table of names, such as [section.mail] or { mail = 1 }".to_owned(),
        ("struct SectionTable", _) => "a table, such as [section.mail]".to_owned(),
        _ => expected.to_owned(),
    }
}
