//! What an attempt asks for instead of plain failure.

use crate::{Text, Timestamp};
use std::{error::Error, fmt, time::Duration};

/// What an attempt asks for. Itself an error, so `?` and `Err(Ask::…)?` carry it out of a handler.
///
/// The runner finds it as the error itself, or anywhere among its sources; a job type with an error of its own
/// may also translate in [`RunnableJob::classify`](crate::RunnableJob::classify).
///
/// ```
/// use job_core::{Ask, BoxError};
/// use std::time::Duration;
///
/// fn fetch(status: u16) -> Result<(), BoxError> {
///     match status {
///         200 => Ok(()),
///         429 => Err(Ask::RetryIn(Duration::from_secs(30)))?,
///         404 => Err(Ask::TellUser("the page is gone".into()))?,
///         other => Err(format!("status {other}"))?,
///     }
/// }
/// let error = fetch(429).unwrap_err();
/// assert_eq!(Ask::find(&*error), Some(&Ask::RetryIn(Duration::from_secs(30))));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ask {
    /// Try again after the policy's delay, as an expected condition: logged at INFO, no report.
    Retry,
    /// Try again after this long.
    RetryIn(Duration),
    /// Try again at this time.
    RetryAt(Timestamp),
    /// Not now: try again after this long; the attempt does not count.
    Snooze(Duration),
    /// Set the job aside until somebody resumes it; the attempt does not count.
    Suspend(Text),
    /// Call the job off.
    Cancel(Text),
    /// Fail, as the requester's business: they are told this text, and no report is made.
    TellUser(Text),
}

impl Ask {
    /// The ask in `error` or among its sources.
    #[must_use]
    pub fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(ask) = error.downcast_ref() {
                return Some(ask);
            }
            next = error.source();
        }
        None
    }
}

impl Error for Ask {}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry => f.write_str("the job asks to be tried again"),
            Self::RetryIn(delay) => write!(f, "the job asks to be tried again in {delay:?}"),
            Self::RetryAt(at) => write!(f, "the job asks to be tried again at {at}"),
            Self::Snooze(delay) => write!(f, "the job snoozes for {delay:?}"),
            Self::Suspend(reason) => write!(f, "the job suspends itself: {reason}"),
            Self::Cancel(reason) => write!(f, "the job cancels itself: {reason}"),
            Self::TellUser(text) => text.fmt(f),
        }
    }
}
