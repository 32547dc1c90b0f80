//! Workers as processes of their own: killed, told to stop, stopped for a while, and brought down by a job.

mod aborted;
mod diary;
mod frozen;
mod killed;
mod process;
mod site;
mod stint;
mod told;

pub(crate) use diary::{What, all, assert_no_overlap};
pub(crate) use site::Site;
pub(crate) use stint::Act;
