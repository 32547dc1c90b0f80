//! The time that this process has had the processor, to the nanosecond, as Linux counts it for each thread.

use std::{collections::BTreeMap, ffi::OsString, fs, io, time::Duration};

const THREADS: &str = "/proc/self/task";

/// How long each thread has run until some moment, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct CpuTimes(BTreeMap<OsString, u64>);

impl CpuTimes {
    /// Until now.
    ///
    /// # Errors
    ///
    /// If the system does not count it: it is not Linux, or its kernel is built without.
    pub(super) fn now() -> io::Result<Self> {
        let mut times = BTreeMap::new();
        for thread in fs::read_dir(THREADS)? {
            let thread = thread?;
            match fs::read_to_string(thread.path().join("schedstat")) {
                Ok(text) => times.insert(thread.file_name(), nanoseconds(&text)?),
                // It has ended since it was listed.
                Err(_) if !thread.path().exists() => None,
                Err(error) => return Err(error),
            };
        }
        Ok(Self(times))
    }

    /// How long all threads that are left have run since `earlier`.
    pub(super) fn since(&self, earlier: &Self) -> Duration {
        let ran = |(thread, now): (_, &u64)| now - earlier.0.get(thread).unwrap_or(&0).min(now);
        Duration::from_nanos(self.0.iter().map(ran).sum())
    }
}

/// The first of the three numbers of a `schedstat`.
fn nanoseconds(text: &str) -> io::Result<u64> {
    let number = text.split_whitespace().next().and_then(|it| it.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("not a schedstat: {text:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times<const N: usize>(threads: [(&str, u64); N]) -> CpuTimes {
        CpuTimes(threads.into_iter().map(|(thread, time)| (thread.into(), time)).collect())
    }

    #[test]
    fn what_ran_since_then_is_of_old_threads_and_of_new_ones() {
        let earlier = times([("1", 100), ("2", 50), ("3", 7)]);
        let later = times([("1", 150), ("2", 50), ("4", 5)]);
        assert_eq!(later.since(&earlier), Duration::from_nanos(55));
    }

    #[test]
    fn a_busy_thread_is_counted() {
        let before = CpuTimes::now().unwrap();
        let ran = || CpuTimes::now().unwrap().since(&before);
        // Ends only where time is counted.
        while ran() < Duration::from_millis(20) {}
    }
}
