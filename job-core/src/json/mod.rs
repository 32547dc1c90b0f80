//! JSON that every store keeps and gives back equal: the args of jobs and the bodies of notes.

mod format;
mod serializer;

use self::{
    format::Checking,
    serializer::{Checked, Fault},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// JSON text, written by the checking serializer or kept by a store. Cheap to clone.
///
/// What [`of`](Self::of) accepts reads back equal from every store, to the last bit of a float; what a store
/// could not keep is refused here, with the same words for all of them. The text is kept as it is (`json`, not
/// `jsonb`, on PostgreSQL), so nothing is reordered or normalised on the way.
///
/// ```
/// use job_core::{Json, JsonError};
///
/// let args = Json::of(&("Zoë", 1e16))?;
/// assert_eq!(args.decode::<(String, f64)>()?, ("Zoë".to_owned(), 1e16));
/// assert!(matches!(Json::of(&f64::NAN), Err(JsonError::NotFinite)));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Json(Arc<str>);

impl Json {
    /// Writes `value`, within [`JsonLimits::default`].
    ///
    /// # Errors
    ///
    /// [`JsonError`], which says what no store could keep.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        Self::within(&JsonLimits::default(), value)
    }

    /// Writes `value`, within limits of the caller's choice.
    ///
    /// # Errors
    ///
    /// [`JsonError`], which says what no store could keep.
    pub fn within(limits: &JsonLimits, value: &(impl Serialize + ?Sized)) -> Result<Self, JsonError> {
        let fault = Fault::default();
        let mut written = Vec::new();
        let format = Checking::new(limits, &fault);
        let mut serializer = serde_json::Serializer::with_formatter(
            format::Bounded::new(&mut written, limits, &fault),
            format,
        );
        let result = Checked::new(value, &fault).serialize(&mut serializer);
        match (fault.take(), result) {
            (Some(error), _) => Err(error),
            (None, Err(source)) => Err(JsonError::NotJson { source }),
            // serde_json writes UTF-8 only.
            (None, Ok(())) => Ok(Self(String::from_utf8_lossy(&written).into())),
        }
    }

    /// Wraps what a store kept, unread: decoding says whether it still is JSON.
    #[must_use]
    pub fn stored(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the text as a `T`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the text is not JSON, or not the JSON of a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        serde_json::from_str(&self.0).map_err(|source| DecodeError { source })
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How large JSON may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct JsonLimits {
    /// Bytes of text.
    pub bytes: usize,
    /// Arrays and objects inside one another; at most 64, so that every reader can follow.
    pub depth: usize,
}

impl Default for JsonLimits {
    /// 1 MiB and depth 64.
    fn default() -> Self {
        Self { bytes: 1 << 20, depth: 64 }
    }
}

/// What the checking serializer refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// NaN or an infinity, which JSON does not have.
    #[error("a float is NaN or infinite, which JSON cannot hold; make it an Option or a string")]
    NotFinite,
    /// `U+0000`, which PostgreSQL cannot keep.
    #[error("a string contains NUL (U+0000), which not every store can keep; remove it or encode the bytes")]
    Nul,
    /// An integer that only fits in 128 bits, which would read back as a float.
    #[error(
        "the integer {value} needs more than 64 bits and would not read back equal; write it as a string"
    )]
    WideInteger {
        /// The integer.
        value: String,
    },
    /// Raw JSON text, which the serializer cannot look into.
    #[error("raw JSON text cannot be checked; use serde_json::Value")]
    Raw,
    /// Too many arrays and objects inside one another.
    #[error("arrays and objects are nested deeper than {most}; keep the data elsewhere and name it here")]
    TooDeep {
        /// The limit.
        most: usize,
    },
    /// Too much text.
    #[error("the JSON is longer than {most} bytes; keep the data elsewhere and name it here")]
    TooLong {
        /// The limit, in bytes.
        most: usize,
    },
    /// The value's own `Serialize` failed, or it is no JSON (a map whose keys are not strings).
    #[error("the value cannot be written as JSON")]
    NotJson {
        /// What serde said.
        source: serde_json::Error,
    },
}

/// Stored JSON is not what the reader expects.
#[derive(Debug, thiserror::Error)]
#[error("the stored JSON does not decode: {source}")]
pub struct DecodeError {
    source: serde_json::Error,
}
