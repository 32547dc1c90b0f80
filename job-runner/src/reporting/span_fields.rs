//! The fields of the spans that a handler opens, for the error reports about it.

use job_core::Text;
use parking_lot::Mutex;
use std::{collections::HashMap, fmt};
use tracing::{
    Dispatch, Span, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// The most fields of an attempt that are kept: the newest of each name, and of these the first so many.
const MOST: usize = 32;

/// The name of the span around a handler.
pub(crate) const ATTEMPT: &str = "attempt";

/// A layer of `tracing-subscriber` that keeps what handlers record in their spans, so that error reports can show it
/// as `SPAN.FIELD` with its last value.
///
/// By the time that an error has come out of a handler its spans are closed, so their fields are kept until the attempt
/// ends: at most 32, each at most 8 KiB. A span counts if it was opened inside of the span `attempt`, at any depth, and
/// its level is let through; a task that the handler spawns has to be `instrument`ed to be inside. The command line
/// installs this layer by itself.
///
/// ```
/// use job_runner::SpanFields;
/// use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};
///
/// tracing_subscriber::registry().with(SpanFields::default()).with(tracing_subscriber::fmt::layer()).init();
/// ```
#[derive(Debug, Default)]
pub struct SpanFields {
    /// By the number of the span around the handler.
    attempts: Mutex<HashMap<u64, Vec<(String, Text)>>>,
}

/// The attempt that a span is inside of.
struct Within(u64);

/// The span around a handler, without keeping it open.
#[derive(Debug)]
pub(crate) struct AttemptSpan {
    id: u64,
    dispatch: Dispatch,
}

impl AttemptSpan {
    /// The fields kept until now; none once the span is closed.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let kept = self
            .dispatch
            .downcast_ref::<SpanFields>()
            .and_then(|it| it.attempts.lock().get(&self.id).cloned());
        kept.unwrap_or_default().into_iter().map(|(name, value)| (name, value.into())).collect()
    }
}

impl SpanFields {
    /// Where the fields of the attempt in `span` are found, if such a layer listens.
    pub(crate) fn find(span: &Span) -> Option<AttemptSpan> {
        let found = span.with_subscriber(|(id, dispatch)| {
            dispatch
                .downcast_ref::<Self>()
                .map(|_| AttemptSpan { id: id.into_u64(), dispatch: dispatch.clone() })
        });
        found.flatten()
    }

    fn keep(&self, attempt: u64, span: &'static str, visit: impl FnOnce(&mut Keeper<'_>)) {
        if let Some(fields) = self.attempts.lock().get_mut(&attempt) {
            visit(&mut Keeper { span, fields });
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanFields {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let (name, target) = (span.metadata().name(), span.metadata().target());
        if name == ATTEMPT && target.starts_with("job_runner") {
            self.attempts.lock().insert(id.into_u64(), Vec::new());
            span.extensions_mut().insert(Within(id.into_u64()));
            return;
        }
        let Some(parent) = span.parent() else { return };
        let Some(attempt) = parent.extensions().get::<Within>().map(|it| it.0) else { return };
        span.extensions_mut().insert(Within(attempt));
        self.keep(attempt, name, |keeper| attributes.record(keeper));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|it| it.metadata().name() != ATTEMPT) else { return };
        if let Some(attempt) = span.extensions().get::<Within>().map(|it| it.0) {
            self.keep(attempt, span.metadata().name(), |keeper| values.record(keeper));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        // Of the others nothing is kept by their own number, and there may be many.
        if context.metadata(&id).is_some_and(|it| it.name() == ATTEMPT) {
            self.attempts.lock().remove(&id.into_u64());
        }
    }
}

/// Puts fields among those that are kept.
struct Keeper<'a> {
    span: &'static str,
    fields: &'a mut Vec<(String, Text)>,
}

impl Keeper<'_> {
    fn put(&mut self, field: &str, value: Text) {
        let name = format!("{}.{field}", self.span);
        if let Some(kept) = self.fields.iter_mut().find(|it| it.0 == name) {
            kept.1 = value;
        } else if self.fields.len() < MOST {
            self.fields.push((name, value));
        }
    }
}

impl Visit for Keeper<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), Text::new(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), Text::new(format_args!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::{info_span, subscriber::with_default};
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn nothing_is_kept_once_the_attempt_has_ended() {
        with_default(tracing_subscriber::registry().with(SpanFields::default()), || {
            let attempt = info_span!(ATTEMPT, job.id = 7);
            let found = SpanFields::find(&attempt).unwrap();
            attempt.in_scope(|| {
                for number in 0..2 * MOST {
                    info_span!("step", number).in_scope(|| info_span!("part", number).in_scope(|| ()));
                }
            });
            // The last value of each, whoever of them is closed, and nothing of the attempt's own.
            let last = (2 * MOST - 1).to_string();
            let expected = [("step.number".to_owned(), last.clone()), ("part.number".to_owned(), last)];
            assert_eq!(found.fields(), expected);
            drop(attempt);
            assert!(found.fields().is_empty());
        });
    }

    #[test]
    fn an_attempt_keeps_a_bounded_number_of_fields() {
        let mut fields = Vec::new();
        let mut keeper = Keeper { span: "step", fields: &mut fields };
        for number in 0..2 * MOST {
            keeper.put(&number.to_string(), Text::from("it"));
        }
        assert_eq!(fields.len(), MOST);
    }
}
