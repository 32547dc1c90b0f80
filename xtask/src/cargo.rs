//! The cargo that started this program, run for one step.

use std::env;
use std::io;
use std::process::{Command, ExitCode, Stdio};

/// A call of cargo that inherits the user's folder, environment and terminal.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Whether cargo has the subcommand, which is a program of its own.
pub(crate) fn has(subcommand: &str) -> bool {
    let version =
        cargo().args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Runs the call to its end and answers with its exit code; one that a signal ended counts as failed.
pub(crate) fn exit_code(call: &mut Command) -> io::Result<ExitCode> {
    let code = call.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
