//! What people are told: error reports, and who is to hear of a failure.

pub(crate) mod event_reporter;
pub(crate) mod notifier;
pub(crate) mod report;
pub(crate) mod reporter;
pub(crate) mod reports;
pub(crate) mod span_fields;
