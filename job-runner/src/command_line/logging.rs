//! The log of a command: lines for people, or JSON for machines, on standard error.

use super::{
    args::{LogArgs, LogFormat},
    error::explained,
};
use crate::SpanFields;
use std::{
    error::Error,
    fmt::{self, Write},
    io::{self, IsTerminal},
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

impl LogArgs {
    /// Sends what is logged to standard error, unless the program has arranged that otherwise before.
    ///
    /// Without `-v` and `-q`, the variable `RUST_LOG` says what is logged; without that too, INFO and above.
    pub(super) fn start(self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => Some("warn"),
            (false, 0) => None,
            (false, 1) => Some("debug"),
            (false, _) => Some("trace"),
        };
        let filter = match level {
            Some(level) => EnvFilter::new(level),
            None => EnvFilter::builder().with_default_directive(Level::INFO.into()).from_env_lossy(),
        };
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty()),
            )
            // A log that nobody can read any more stops no job.
            .log_internal_errors(false);
        let lines = |timed| Lines { timed, fields: self.verbose > 0 };
        let layer = match self.log_format {
            LogFormat::Text => layer.event_format(lines(false)).boxed(),
            LogFormat::Timed => layer.event_format(lines(true)).boxed(),
            LogFormat::Json => layer.json().flatten_event(true).boxed(),
        };
        // Fails only where the program has a subscriber of its own.
        let _ =
            tracing_subscriber::registry().with(filter).with(SpanFields::default()).with(layer).try_init();
    }
}

/// For commands whose business is standard output: what somebody should look at goes to standard error.
pub(super) fn start_quietly() {
    LogArgs { verbose: 0, quiet: true, log_format: LogFormat::Text }.start();
}

/// Fields of error reports that their messages leave out.
const BEYOND_THE_MESSAGE: [&str; 3] = ["report.kept", "report.vars", "report.spans"];

/// `INFO    Ran 3 mail jobs.`
///
/// Messages are sentences that say it all but for an error's text and what is in an error report, which follow. Other
/// fields follow only where somebody asks for more.
#[derive(Clone, Copy, Debug)]
struct Lines {
    timed: bool,
    fields: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.timed {
            SystemTime.format_time(&mut writer)?;
            writer.write_char(' ')?;
        }
        let level = *event.metadata().level();
        match colour(level).filter(|_| writer.has_ansi_escapes()) {
            Some(colour) => write!(writer, "\x1b[{colour}m{level:<7}\x1b[0m ")?,
            None => write!(writer, "{level:<7} ")?,
        }
        let mut parts = Parts { all: self.fields, ..Parts::default() };
        event.record(&mut parts);
        let Parts { message, error, fields, .. } = parts;
        // The error's text ends the sentence.
        let begin = if error.is_empty() { message.as_str() } else { message.trim_end_matches('.') };
        let entry = format!("{begin}{error}{fields}");
        // A message of several lines stays one entry for the eye.
        writeln!(writer, "{}", entry.replace('\n', "\n        "))
    }
}

const fn colour(level: Level) -> Option<u8> {
    match level {
        Level::ERROR => Some(31),
        Level::WARN => Some(33),
        Level::INFO => None,
        _ => Some(2),
    }
}

#[derive(Default)]
struct Parts {
    /// Whether all fields are wanted.
    all: bool,
    message: String,
    error: String,
    fields: String,
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_error(&mut self, _: &Field, error: &(dyn Error + 'static)) {
        self.error = format!(": {}", explained(error, ": "));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name if self.all || BEYOND_THE_MESSAGE.contains(&name) => {
                write!(self.fields, " {name}={value:?}")
            }
            _ => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io,
        sync::{Arc, Mutex},
    };
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Paper {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    fn written(fields: bool, log: impl FnOnce()) -> String {
        let paper = Paper::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(paper.clone())
            .with_ansi(false)
            .event_format(Lines { timed: false, fields });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_entry_is_its_message_and_its_error_with_all_sources() {
        let error = io::Error::other("disk full");
        let error = CommandLineError { source: error };
        let log = || tracing::warn!(error = &error as &dyn Error, jobs = 2, "The store failed.");
        assert_eq!(written(false, log), "WARN    The store failed: cannot write: disk full\n");
        assert_eq!(written(true, log), "WARN    The store failed: cannot write: disk full jobs=2\n");
    }

    #[test]
    fn a_message_of_several_lines_stays_one_entry() {
        assert_eq!(
            written(false, || tracing::info!("one\nINFO    two")),
            "INFO    one\n        INFO    two\n"
        );
    }

    #[test]
    fn what_an_error_report_adds_is_shown() {
        let log = || tracing::error!(attempt = 3, report.vars = ?[("proposal", 7)], "It failed.");
        assert_eq!(written(false, log), "ERROR   It failed. report.vars=[(\"proposal\", 7)]\n");
        assert_eq!(written(true, log), "ERROR   It failed. attempt=3 report.vars=[(\"proposal\", 7)]\n");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write")]
    struct CommandLineError {
        source: io::Error,
    }
}
