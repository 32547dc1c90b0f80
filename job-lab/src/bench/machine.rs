//! What was measured on: figures of two machines are not comparable, ratios nearly are.

use std::{fmt, fs, thread};

/// The machine, as far as it matters for the figures.
#[derive(Clone, Debug)]
pub struct Machine {
    cores: usize,
    cpu: String,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        Self { cores: thread::available_parallelism().map_or(1, usize::from), cpu: cpu() }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, cpu } = self;
        let (rustc, sqlite) = (env!("JOB_LAB_RUSTC"), rusqlite::version());
        write!(f, "{cores} cores of {cpu}; rustc {rustc}, SQLite {sqlite}")
    }
}

fn cpu() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = known.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    model.unwrap_or(std::env::consts::ARCH).to_owned()
}
