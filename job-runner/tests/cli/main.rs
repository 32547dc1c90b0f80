//! The configuration and the command line, as their users meet them: most of these tests run a real process.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

mod config_meaning;
mod config_mistakes;
mod dry_run;
mod elsewhere;
mod errands;
mod held_back;
mod jobs;
mod lost;
mod machine;
mod program;
mod run_jobs;
mod sections;
mod several;
mod switches;
mod systemd;
mod worker;
