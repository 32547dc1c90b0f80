//! `cargo xtask pg`: a cluster for development, which stays until it is taken down.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::cluster::{Cluster, remove, url};

const USAGE: &str = "\
Usage: cargo xtask pg up                start the cluster, and make it the first time
       cargo xtask pg down [--delete]   stop it; with --delete, remove it and all that is in it
       cargo xtask pg psql [ARGS]       open psql on it
       cargo xtask pg url               print its address
";

/// Runs one of the commands above.
///
/// # Errors
///
/// If this machine has no server, or the server does not do as told.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    match words.iter().map(AsRef::as_ref).collect::<Vec<&str>>().as_slice() {
        ["up"] => up(),
        ["down"] => down(false),
        ["down", "--delete"] => down(true),
        ["url"] => {
            println!("{}", url(running()?));
            Ok(ExitCode::SUCCESS)
        }
        ["psql", ..] => psql(&args[1..]),
        ["--help" | "-h" | "help"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprint!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

fn up() -> Result<ExitCode, Box<dyn Error>> {
    let folder = folder()?;
    let _turn = turn(&folder)?;
    let cluster = Cluster::at(folder.clone())?;
    let port = match cluster.port() {
        Some(port) => port,
        None => {
            cluster.init(&["max_connections = 300"])?;
            // The address stays from one day to the next.
            let file = folder.with_extension("port");
            let wanted = fs::read_to_string(&file).ok().and_then(|port| port.trim().parse().ok());
            let port = cluster.start(wanted)?;
            fs::write(file, port.to_string())?;
            port
        }
    };
    eprintln!("pg: runs on {}; log in {}", folder.display(), cluster.log().display());
    println!("export DATABASE_URL={}", url(port));
    Ok(ExitCode::SUCCESS)
}

fn down(delete: bool) -> Result<ExitCode, Box<dyn Error>> {
    let folder = folder()?;
    if !folder.exists() {
        eprintln!("pg: there is no cluster");
        return Ok(ExitCode::SUCCESS);
    }
    let _turn = turn(&folder)?;
    let cluster = Cluster::at(folder.clone())?;
    if cluster.port().is_some() {
        cluster.stop()?;
    }
    if delete {
        remove(&folder)?;
    }
    eprintln!("pg: {} {}", folder.display(), if delete { "is removed" } else { "is stopped and kept" });
    Ok(ExitCode::SUCCESS)
}

fn psql(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let port = running()?;
    let beside = Cluster::at(folder()?)?.program("psql");
    let program = if beside.is_file() { beside } else { "psql".into() };
    let error = Command::new(&program).args(args).arg(url(port)).exec();
    Err(format!("cannot run {}: {error}", program.display()).into())
}

/// The port of the server, which must run.
fn running() -> Result<u16, Box<dyn Error>> {
    let folder = folder()?;
    let port = if folder.exists() { Cluster::at(folder)?.port() } else { None };
    port.ok_or_else(|| "the cluster does not run; start it with `cargo xtask pg up`".into())
}

/// In the target folder: one for each checkout, and `cargo clean` takes it along.
fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let this = env::current_exe()?;
    let target = this.parent().and_then(Path::parent).ok_or("run this as `cargo xtask`")?;
    Ok(target.join("postgres"))
}

/// The right to start or stop it, which two commands at once take one after the other.
fn turn(folder: &Path) -> Result<File, Box<dyn Error>> {
    let turn = File::create(folder.with_extension("turn"))?;
    turn.lock()?;
    Ok(turn)
}
