//! Messages in a stream of bytes.

/// A message, as it was sent.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    /// What it is; `None` for the first one of a connection, which does not say.
    pub(super) kind: Option<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// What it says behind its kind and length.
    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[usize::from(self.kind.is_some()) + 4..]
    }

    /// The number that a first message begins with: a version of the protocol, or a request.
    pub(super) fn code(&self) -> u32 {
        self.body().first_chunk().map_or(0, |it| u32::from_be_bytes(*it))
    }

    /// Whether it is a `COMMIT` as text.
    pub(super) fn commits(&self) -> bool {
        let body = self.body();
        self.kind == Some(b'Q') && body.get(..6).is_some_and(|it| it.eq_ignore_ascii_case(b"COMMIT"))
    }
}

/// Bytes that have come, and what they hold.
#[derive(Debug, Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    /// How many of them were taken.
    taken: usize,
}

impl Messages {
    /// More have come.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message, if all of it is there. With `kinds` it says what it is.
    pub(super) fn next(&mut self, kinds: bool) -> Option<Message> {
        let rest = &self.bytes[self.taken..];
        let head = usize::from(kinds);
        let length = rest.get(head..)?.first_chunk().map(|it| u32::from_be_bytes(*it))?;
        // The length counts itself, but not the kind.
        let length = head + usize::try_from(length).unwrap_or(usize::MAX).max(4);
        let bytes = rest.get(..length)?.to_vec();
        self.taken += length;
        Some(Message { kind: kinds.then(|| bytes[0]), bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_wherever_the_stream_was_broken() {
        let stream = b"\0\0\0\x08\0\x03\0\0Q\0\0\0\x0bcommit\0S\0\0\0\x04";
        for split in 0..stream.len() {
            let (mut messages, mut seen) = (Messages::default(), Vec::new());
            for part in [&stream[..split], &stream[split..]] {
                messages.extend(part);
                while let Some(message) = messages.next(!seen.is_empty()) {
                    seen.push(message);
                }
            }
            assert_eq!(seen.iter().map(|it| it.kind).collect::<Vec<_>>(), [None, Some(b'Q'), Some(b'S')]);
            assert_eq!((seen[0].code(), seen[1].commits(), seen[2].commits()), (196_608, true, false));
            assert_eq!(seen.iter().flat_map(|it| it.bytes.clone()).collect::<Vec<_>>(), stream);
        }
    }
}
