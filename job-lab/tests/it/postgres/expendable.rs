//! A server that a test may kill.

use super::database::{Database, number};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use std::{env, fs::File, process::Command, time::Duration};
use tokio::{task::spawn_blocking, time::sleep};

/// The server, for as long as it is this test's turn to kill it.
#[derive(Debug)]
pub(super) struct Expendable {
    pub(super) url: String,
    /// A command that wants the word for what to do.
    pg_ctl: Vec<String>,
    _turn: File,
}

impl Expendable {
    /// The server, once no other test uses it. `None` if there is none, which is said.
    pub(super) fn take() -> Option<Self> {
        let named = env::var("EXPENDABLE_DATABASE_URL").ok().zip(env::var("EXPENDABLE_PG_CTL").ok());
        let Some((url, pg_ctl)) = named else {
            eprintln!("not run: EXPENDABLE_DATABASE_URL and EXPENDABLE_PG_CTL name no server to kill");
            return None;
        };
        let pg_ctl: Vec<String> = pg_ctl.lines().map(str::to_owned).collect();
        // Tests may be threads or processes; both wait for a lock on the folder that they all name.
        let data = pg_ctl.iter().skip_while(|it| *it != "--pgdata").nth(1).unwrap();
        let turn = File::open(data).unwrap();
        turn.lock().unwrap();
        Some(Self { url, pg_ctl, _turn: turn })
    }

    /// Ends the server without a word to anybody, lets it be away for `away`, and starts it.
    pub(super) async fn restart(&self, away: Duration) {
        self.pg_ctl(&["stop", "--mode=immediate"]).await;
        sleep(away).await;
        self.pg_ctl(&["start"]).await;
    }

    async fn pg_ctl(&self, words: &[&str]) {
        let mut command = Command::new(&self.pg_ctl[0]);
        // The server's user may not enter the folder of the test.
        command.args(&self.pg_ctl[1..]).args(words).current_dir("/");
        let output = spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    /// Kills one of the processes that serve `database`, none of them chosen.
    pub(super) async fn kill_a_backend(&self, database: &Database) {
        let mut conn = AsyncPgConnection::establish(&self.url).await.unwrap();
        let pids = "SELECT pid::bigint AS n FROM pg_stat_activity WHERE backend_type = 'client backend' \
            AND datname = '{app}' ORDER BY random() LIMIT 1";
        let pid = number(&mut conn, &pids.replace("{app}", database.name())).await.unwrap();
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
        assert!(killed.success(), "{pid} was killed");
    }
}
