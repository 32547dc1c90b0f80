//! The server: the API on a socket, until a signal ends it.

use crate::{
    Database,
    api::{self, Api},
    complaint::complain,
    place::Place,
    repository,
    signal::Signals,
};
use job_core::BoxError;
use std::{
    future::IntoFuture,
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    process::{self, ExitCode},
    time::Duration,
};
use tokio::{net::TcpListener, runtime::Runtime, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long requests may take to end at a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Serve merge proposals over HTTP: POST /proposals makes one of a commit, with the job that generates its diff; GET
/// /proposals/ID shows it with its diff and heat, once `run-jobs` has run those jobs.
#[derive(Clone, Debug, clap::Args)]
pub struct Serve {
    /// The repository, or a folder in it; by default where you stand
    #[arg(default_value = ".", hide_default_value = true)]
    repository: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    #[command(flatten)]
    place: Place,
}

impl Serve {
    /// Serves until a signal, and says how it ended.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        self.try_run().unwrap_or_else(|error| {
            complain("serve", &*error);
            ExitCode::FAILURE
        })
    }

    fn try_run(&self) -> Result<ExitCode, BoxError> {
        let repository = repository::folder(&repository::discover(&self.repository)?)?;
        let runtime = Runtime::new()?;
        let code = runtime.block_on(self.serve(repository));
        // A request that was given up may still block a thread; it ends with the process.
        runtime.shutdown_background();
        code
    }

    async fn serve(&self, repository: String) -> Result<ExitCode, BoxError> {
        let url = self.place.url()?;
        let database = Database::of(&url.url)?;
        // For its tables only: jobs are recorded on connections of the application's own, and run elsewhere.
        drop(database.opener().open(&url).await?);
        let database = database.set_up().await?;

        let at = self.listen;
        let listener = TcpListener::bind(at).await;
        let listener = listener.map_err(|error| format!("cannot listen on {at}: {error}; see --listen"))?;
        let address = listener.local_addr()?;
        let mut signals = Signals::listen()?;
        eprintln!("Serving {repository} on http://{address}/proposals");

        let stop = CancellationToken::new();
        let served = axum::serve(listener, api::router(Api { database, repository: repository.into() }))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let mut served = pin!(served.into_future());
        tokio::select! {
            ended = &mut served => ended.map(|()| ExitCode::SUCCESS).map_err(BoxError::from),
            _ = signals.next() => {
                eprintln!("Stopping. Requests have a while to end; a second signal exits at once.");
                stop.cancel();
                tokio::select! {
                    ended = timeout(GRACE, served) => {
                        ended.map_err(|_| "some requests did not end in time and are given up")??;
                        // A server has no other end, so this is a good one.
                        Ok(ExitCode::SUCCESS)
                    }
                    code = signals.next() => process::exit(code.into()),
                }
            }
        }
    }
}
