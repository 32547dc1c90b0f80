//! `queues`, `types` and `sections`: what operators hold back, and what is known of it.

mod lane;
mod lane_list;
pub(super) mod lanes;
mod pause;
mod section_list;
pub(super) mod sections;
pub(super) mod switched;
mod toggle;
