//! A program of this workspace that `cargo xtask` builds and then becomes: pid, signals and exit code are its own.
//!
//! A workspace of your own copies this file as it stands and calls it from a `main.rs` like the one beside it. It needs
//! std only, and to be started by `cargo run`: cargo puts all programs of a workspace beside each other.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// A package, the program of the same name in it, and how that is built.
pub(crate) struct Program {
    pub(crate) package: &'static str,
    pub(crate) release: bool,
}

impl Program {
    /// Builds the program and runs it in place of this process, in the user's own folder, with `args` untouched.
    ///
    /// # Errors
    ///
    /// If it does not build (cargo has printed why by then) or does not start.
    pub(crate) fn run(&self, args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
        run(self.built()?.args(args))
    }

    /// Builds the program, and gives a call of it.
    ///
    /// # Errors
    ///
    /// If it does not build; cargo has printed why by then.
    pub(crate) fn built(&self) -> Result<Command, Box<dyn Error>> {
        let (profile, folder) = if self.release { ("release", "release") } else { ("dev", "debug") };
        let this = env::current_exe()?;
        let target = this.parent().and_then(Path::parent).ok_or("run this as `cargo xtask`")?;
        let program = target.join(folder).join(format!("{}{}", self.package, env::consts::EXE_SUFFIX));
        if !program.exists() {
            eprintln!("xtask: building {} ({profile}); the first time takes minutes", self.package);
        }
        let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--locked", "--profile", profile])
            .args(["--package", self.package, "--bin", self.package])
            .stdin(Stdio::null()) // what is piped in is for the program
            .status()?;
        if !built.success() {
            return Err(format!("{} does not build, so nothing was run", self.package).into());
        }
        Ok(Command::new(program))
    }
}

/// Runs the call in place of this process.
///
/// # Errors
///
/// If it does not start.
pub(crate) fn run(call: &mut Command) -> Result<ExitCode, Box<dyn Error>> {
    replace_this_process(call)
        .map_err(|error| format!("cannot run {}: {error}", call.get_program().display()).into())
}

/// Returns only if `command` could not be started.
#[cfg(unix)]
fn replace_this_process(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Where a process cannot become another, waits for it and passes its exit code on.
#[cfg(not(unix))]
fn replace_this_process(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
