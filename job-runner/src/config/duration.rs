//! Durations as people write them: `"500ms"`, `"30s"`, `"1h 30m"`, `"30d"`.

use jiff::SpanRelativeTo;
use serde::{Deserialize, Deserializer, de};
use std::{fmt, time::Duration};

/// A duration in the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Spoken)
    }
}

struct Spoken;

impl de::Visitor<'_> for Spoken {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration in quotes, such as \"500ms\", \"30s\", \"1h 30m\" or \"30d\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        parse(text).map(Span).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// The duration that `text` is; a day has 24 hours. `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    Duration::try_from(span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?).ok()
}
