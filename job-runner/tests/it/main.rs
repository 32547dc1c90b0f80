//! What a runner promises, a module per promise, on the store in memory.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

mod lines;
mod lives;
mod play;
mod recorder;
mod scribe;
mod stage;
mod unsteady;

mod again;
mod asks;
mod backlog;
mod claimed_again;
mod counts;
mod decoding;
mod deletion;
mod drain;
mod due_by;
mod hooks;
mod lanes;
mod leases;
mod log_lines;
mod outages;
mod panics;
mod perform;
mod place;
mod poison;
mod progress;
mod registry;
mod reports;
mod rescue;
mod retries;
mod section_lock;
mod settle_table;
mod shutdown;
mod spans;
mod stop_anywhere;
mod time_outs;
mod told_late;
mod transactional;
mod two_calls;
mod worker;
mod worker_file;
mod worker_histories;
mod worker_hostile;
mod worker_idle;
mod worker_outage;
mod worker_prefetch;
mod worker_rescue;
mod worker_shutdown;
mod worker_zombies;
