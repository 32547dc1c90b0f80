//! PostgreSQL when things go wrong, and when it is full.
//!
//! `DATABASE_URL` names the server that these tests share with others, and `EXPENDABLE_DATABASE_URL` one that they may
//! kill, as `cargo xtask test` says. Without them, they do nothing.

mod calls;
mod crowd;
mod cuts;
mod database;
mod dropped;
mod expendable;
mod flow;
mod ledger;
mod outages;
mod worker_outage;

use std::env;

/// Where the server is that these tests share with others. `None` if there is none, which is said.
///
/// # Panics
///
/// If there is none, and `REQUIRE_POSTGRES=1`.
fn shared() -> Option<String> {
    let url = env::var("DATABASE_URL").ok();
    if url.is_none() {
        assert!(env::var("REQUIRE_POSTGRES").map_or(true, |it| it != "1"), "DATABASE_URL is not set");
        eprintln!("not run: DATABASE_URL is not set");
    }
    url
}

/// `often` times with `cargo xtask test --thorough`, else `seldom` times.
fn times(seldom: u32, often: u32) -> u32 {
    if env::var("THOROUGH").is_ok_and(|it| it == "1") { often } else { seldom }
}
