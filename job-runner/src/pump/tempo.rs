//! How fast handlers end, for how much to claim ahead of free slots.

use crate::clock::Instant;
use std::time::Duration;

/// Over which time ends are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// Counts the handlers that ended lately.
///
/// What is claimed ahead waits in line here while others may have free slots. So a worker claims ahead what it would
/// start within about a second, and nothing if its jobs take long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tempo {
    /// When the window that is counted began.
    began: Instant,
    ended: usize,
    /// How many ended in the window before.
    before: usize,
}

impl Tempo {
    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, ended: 0, before: 0 }
    }

    /// A handler has ended.
    pub(crate) fn count(&mut self, now: Instant) {
        self.turn(now);
        self.ended += 1;
    }

    /// How many end in a second.
    pub(crate) fn rate(&mut self, now: Instant) -> usize {
        self.turn(now);
        self.ended.max(self.before)
    }

    fn turn(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.began);
        if passed >= WINDOW {
            let before = if passed < 2 * WINDOW { self.ended } else { 0 };
            *self = Self { began: now, ended: 0, before };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::instant;

    #[tokio::test(start_paused = true)]
    async fn the_ends_of_the_last_second_count_and_older_ones_do_not() {
        let mut tempo = Tempo::new(instant());
        for _ in 0..5 {
            tempo.count(instant());
        }
        assert_eq!(tempo.rate(instant()), 5);
        tokio::time::sleep(WINDOW * 3 / 2).await;
        tempo.count(instant());
        assert_eq!(tempo.rate(instant()), 5);
        tokio::time::sleep(WINDOW).await;
        assert_eq!(tempo.rate(instant()), 1);
        tokio::time::sleep(WINDOW * 2).await;
        assert_eq!(tempo.rate(instant()), 0);
    }
}
