//! The checks that are made as JSON text is written: NUL, depth and length.

use super::{JsonError, JsonLimits, serializer::Fault};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use std::io::{self, Write};

/// Compact JSON without NUL, raw text or deep nesting.
pub(super) struct Checking<'a> {
    most: usize,
    depth: usize,
    fault: &'a Fault,
}

impl<'a> Checking<'a> {
    pub(super) fn new(limits: &JsonLimits, fault: &'a Fault) -> Self {
        Self { most: limits.depth.min(JsonLimits::default().depth), depth: 0, fault }
    }

    fn enter(&mut self) -> io::Result<()> {
        self.depth += 1;
        if self.depth > self.most {
            Err(self.fault.set(JsonError::TooDeep { most: self.most }))
        } else {
            Ok(())
        }
    }
}

impl Formatter for Checking<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(0) => Err(self.fault.set(JsonError::Nul)),
            _ => CompactFormatter.write_char_escape(writer, escape),
        }
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(self.fault.set(JsonError::Raw))
    }

    // Only with serde_json's `arbitrary_precision`, which somebody else in the build may switch on.
    fn write_number_str<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let narrow = text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok();
        let float = text.contains(['.', 'e', 'E']) && text.parse::<f64>().is_ok_and(f64::is_finite);
        if narrow || float {
            CompactFormatter.write_number_str(writer, text)
        } else {
            Err(self.fault.set(JsonError::WideInteger { value: text.to_owned() }))
        }
    }
}

/// A writer that stops at the limit, so that too much is refused before it fills the memory.
pub(super) struct Bounded<'a> {
    written: &'a mut Vec<u8>,
    most: usize,
    fault: &'a Fault,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(written: &'a mut Vec<u8>, limits: &JsonLimits, fault: &'a Fault) -> Self {
        Self { written, most: limits.bytes, fault }
    }
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written.len() + bytes.len() > self.most {
            return Err(self.fault.set(JsonError::TooLong { most: self.most }));
        }
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
