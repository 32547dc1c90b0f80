//! How often a section does what it does again and again, and how long it keeps what it has.

use super::{ConfigError, duration::Span, file::SectionTable, place::Places};
use crate::SectionSettings;
use std::time::Duration;
use toml::Spanned;

/// The times of a section that have to fit together, or to be some time at all.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) lease: Duration,
    pub(super) beat: Duration,
    pub(super) poll: Duration,
    pub(super) scan: Duration,
    pub(super) retention: Option<Duration>,
}

impl Pace {
    pub(super) fn read(
        table: &SectionTable,
        default: &SectionSettings,
        places: &Places<'_>,
    ) -> Result<Self, ConfigError> {
        let (lease, beat) = lease_and_beat(table, default, places)?;
        let some_time = |given: &Option<Spanned<Span>>, problem| match given {
            Some(it) if it.get_ref().0.is_zero() => Err(places.mistake(&it.span(), problem)),
            it => Ok(it.as_ref().map(|it| it.get_ref().0)),
        };
        let often = "this is done again and again, so it needs some time in between, such as \"1s\"";
        let retention = some_time(
            &table.retention,
            "jobs that failed would be gone before anybody saw them; say for how long final jobs are kept, such as \
             \"30d\"",
        )?;
        Ok(Self {
            lease,
            beat,
            poll: some_time(&table.poll, often)?.unwrap_or(default.poll),
            scan: some_time(&table.scan, often)?.unwrap_or(default.scan),
            retention: retention.or(default.retention),
        })
    }
}

/// A lease must survive a beat that comes late, so it lasts two beats at least.
fn lease_and_beat(
    table: &SectionTable,
    default: &SectionSettings,
    places: &Places<'_>,
) -> Result<(Duration, Duration), ConfigError> {
    let lease = table.lease.as_ref().map_or(default.lease, |it| it.get_ref().0);
    // A short lease alone is a plain wish: the beat follows it.
    let beat = match &table.beat {
        Some(beat) => beat.get_ref().0,
        None => default.beat.min(lease / 3),
    };
    if beat.is_zero() || beat > lease / 2 {
        let span = table.lease.as_ref().or(table.beat.as_ref()).map_or(0..0, Spanned::span);
        let problem = if beat.is_zero() {
            "leases and beats need some time, such as \"30s\" and \"10s\"".to_owned()
        } else {
            format!(
                "a lease of {lease:?} is too short for a beat of {beat:?}: it must last two beats at least, or one \
                 late beat loses the jobs"
            )
        };
        return Err(places.mistake(&span, problem));
    }
    Ok((lease, beat))
}
