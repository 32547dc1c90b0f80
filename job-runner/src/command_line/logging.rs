//! The log of a command: lines for people, or JSON for machines, on standard error.

use super::{
    args::{LogArgs, LogFormat},
    error::explained,
};
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
        let _ = tracing_subscriber::registry().with(filter).with(layer).try_init();
    }
}

/// For commands whose business is standard output: what somebody should look at goes to standard error.
pub(super) fn start_quietly() {
    LogArgs { verbose: 0, quiet: true, log_format: LogFormat::Text }.start();
}

/// `INFO    Ran 3 mail jobs.`
///
/// Messages are sentences that say it all but for an error's text, which follows. Other fields follow only where
/// somebody asks for more, and at ERROR.
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
        let mut parts = Parts::default();
        event.record(&mut parts);
        let Parts { mut message, error, fields } = parts;
        message.push_str(&error);
        if self.fields || level == Level::ERROR {
            message.push_str(&fields);
        }
        // A message of several lines stays one entry for the eye.
        writeln!(writer, "{}", message.replace('\n', "\n        "))
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
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
