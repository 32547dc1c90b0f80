//! `run-jobs`: sections as scripts, as workers, or as a forecast.

mod crew;
mod dry_run;
pub(super) mod run_jobs;
mod scripts;
mod section_record;
mod signals;
mod systemd;
mod watched;
mod workers;
