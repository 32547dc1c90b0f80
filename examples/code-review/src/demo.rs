//! The demo: proposals of the newest commits, their jobs run until they are done, and the result.

use crate::{
    Database, NewProposal, Proposed, Table,
    complaint::complain,
    missing::explained,
    place::Place,
    progress::Progress,
    proposals, repository,
    rounds::{Ended, Rounds},
    signal::Signals,
};
use job_core::BoxError;
use std::{
    io::{self, ErrorKind, Write},
    path::PathBuf,
    pin::pin,
    process::{self, ExitCode},
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// The section of `jobs.toml` that says how the jobs are run.
const SECTION: &str = "code-review";

/// Make a merge proposal of each of the newest commits, run the jobs that generate its diff and take its heat, and show
/// the result.
///
/// Proposals and jobs are kept in the store that jobs.toml or --store names. What is there already is not done again, so the
/// demo can be killed at any moment and repeated.
#[derive(Clone, Debug, clap::Args)]
pub struct Demo {
    /// The repository, or a folder in it; by default where you stand
    #[arg(default_value = ".", hide_default_value = true)]
    repository: PathBuf,
    /// How many of the newest commits, 1 to 10000
    #[arg(short = 'n', long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    commits: u16,
    #[command(flatten)]
    place: Place,
}

impl Demo {
    /// Runs it, and says how it ended.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        self.try_run().unwrap_or_else(|error| {
            complain("demo", &*error);
            ExitCode::FAILURE
        })
    }

    fn try_run(&self) -> Result<ExitCode, BoxError> {
        let repository = repository::discover(&self.repository)?;
        let place = format!("{} of {}", repository::head(&repository), repository::folder(&repository)?);
        let new = repository::newest(&repository, self.commits.into())?;
        if new.is_empty() {
            print(&format!("Nothing to propose: {place} has no commits yet.\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        Runtime::new()?.block_on(self.propose(&place, new))
    }

    async fn propose(&self, place: &str, new: Vec<NewProposal>) -> Result<ExitCode, BoxError> {
        let settings = self.place.config()?.section(SECTION)?.settings();
        let url = self.place.url()?;
        let database = Database::of(&url.url)?;
        let opened = database.opener().open(&url).await?;
        let database = database.set_up().await?;

        let proposed = database.with(move |conn| proposals::propose(conn, &new)).await?;
        print(&announced(place, &proposed))?;

        let ids: Vec<i64> = proposed.iter().map(|it| it.id).collect();
        let rounds = Rounds { opened, database: database.clone(), settings, stop: CancellationToken::new() };
        let (ended, code) = with_progress(&rounds, ids.clone()).await?;

        for (name, jobs) in &ended.completed {
            print(&format!("Ran {jobs} {name} jobs.\n"))?;
        }
        let rows = database.with(move |conn| proposals::list(conn, &ids)).await?;
        let missing: Vec<_> = rows.iter().filter(|(_, size)| size.is_none()).map(|(it, _)| it).collect();
        let why = explained(&*rounds.opened.store, &database, &missing).await?;
        print(&format!("\n{}{why}", Table::new(rows)))?;
        if ended.left > 0 {
            eprintln!("Stopped: {} jobs are left. Run the demo again to go on.", ended.left);
        }
        Ok(code)
    }
}

/// Runs the rounds under a progress bar, and gives the exit code too.
async fn with_progress(rounds: &Rounds, proposals: Vec<i64>) -> Result<(Ended, ExitCode), BoxError> {
    let mut signals = Signals::listen()?;
    let progress = Progress::new(proposals)?;
    let mut running = pin!(rounds.run(progress.proposals(), |text| progress.say(text)));
    tokio::select! {
        ended = &mut running => return Ok((ended?, ExitCode::SUCCESS)),
        Err(error) = progress.follow(&rounds.database) => Err(error),
        code = signals.next() => {
            progress.say("Stopping. Running jobs have a while to end; a second signal exits at once.");
            rounds.stop.cancel();
            tokio::select! {
                ended = &mut running => Ok((ended?, code.into())),
                code = signals.next() => process::exit(code.into()),
            }
        }
    }
}

fn announced(place: &str, proposed: &[Proposed]) -> String {
    let new = proposed.iter().filter(|it| it.is_new).count();
    let asked = proposed.iter().filter(|it| it.asked).count();
    let old = proposed.len() - new;
    format!("{place}\nProposals: {new} new, {old} already there. Diffs asked for: {asked}.\n")
}

/// Whoever reads it may have read enough.
fn print(text: &str) -> io::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
