//! `cargo xtask bench`: the laboratory, with a PostgreSQL server of its own to measure.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::postgres::{DURABLE, HOW_TO_INSTALL, ThrowAway};
use crate::program::{self, Program};

/// Builds `lab` and becomes it.
///
/// Where PostgreSQL is measured and neither the arguments nor `DATABASE_URL` name a server, it gets one that waits for the
/// disk and ends when the laboratory ends, however that happens.
///
/// # Errors
///
/// If the laboratory does not build, or this machine has a server that does not start.
pub(crate) fn run(lab: &Program, args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let mut call = lab.built()?;
    call.args(args);
    let named = env::var_os("DATABASE_URL").is_some_and(|url| !url.is_empty());
    // Lives until this process is another one, or has failed to become it.
    let mut cluster = None;
    if !named && needs_server(args) {
        cluster = ThrowAway::start("bench", DURABLE)?;
        match &mut cluster {
            Some(cluster) => {
                call.env("DATABASE_URL", cluster.url());
                cluster.leave_to(&mut call);
            }
            None => eprintln!("xtask: PostgreSQL is not measured; {HOW_TO_INSTALL}"),
        }
    }
    let failed = program::run(&mut call);
    drop(call); // with its end of what keeps the cluster
    drop(cluster);
    failed
}

/// Whether PostgreSQL is among what the arguments want measured.
fn needs_server(args: &[OsString]) -> bool {
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let has = |name: &str| args.iter().any(|arg| arg == name || arg.starts_with(&format!("{name}=")));
    let of_another = ["memory", "sqlite"].iter().any(|store| {
        args.contains(&format!("--store={store}").into())
            || args.windows(2).any(|two| two[0] == "--store" && two[1] == *store)
    });
    !of_another && !has("--url") && !has("--help") && !has("-h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_started_only_where_one_is_measured() {
        let needs = |args: &str| needs_server(&args.split(' ').map(OsString::from).collect::<Vec<_>>());
        for args in ["bench", "bench --store postgres", "bench --json --store=all", "bench --variant memory"]
        {
            assert!(needs(args), "{args}");
        }
        for args in
            ["bench --store sqlite --json", "bench --store=memory", "bench --url postgres://h", "bench -h"]
        {
            assert!(!needs(args), "{args}");
        }
    }
}
