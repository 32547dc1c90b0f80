//! The server that speaks TLS, with an authority of its own and users that it lets in one way only.

use diesel::{QueryableByName, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use job_store_pg::PgOptions;
use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
};

/// The users of its `pg_hba.conf`, beside `postgres`, who comes as they like.
const USERS: [&str; 5] = ["encrypted", "plain", "certified", "nameless", "bound"];

/// Where it is.
pub(crate) struct Encrypted {
    port: String,
    certificates: PathBuf,
}

impl Encrypted {
    /// The server, with its users. Where `cargo xtask test` has started none, that is said.
    pub(crate) async fn server() -> Option<Self> {
        let named = env::var("ENCRYPTED_DATABASE_URL").ok().zip(env::var_os("ENCRYPTED_CERTIFICATES"));
        let Some((url, certificates)) = named else {
            let words = "TLS tests not run: ENCRYPTED_DATABASE_URL and ENCRYPTED_CERTIFICATES name no server with one; \
                         `cargo xtask test` starts it";
            // Past the harness, which would keep it to itself.
            let _ = writeln!(std::io::stderr(), "{words}");
            return None;
        };
        let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
        let server = Self { port, certificates: certificates.into() };
        let mut conn = server.options("postgres", "localhost", "sslmode=disable").establish().await.unwrap();
        for user in USERS {
            // Each test does it.
            let make = format!(
                "DO $$ BEGIN CREATE ROLE {user} LOGIN SUPERUSER PASSWORD 'secret'; \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            );
            conn.batch_execute(&make).await.unwrap();
        }
        Some(server)
    }

    /// How `user` connects to it at `host`, with these words in the URL, in which `{}` is the folder of its certificates.
    pub(crate) fn options(&self, user: &str, host: &str, words: &str) -> PgOptions {
        PgOptions::new(&self.url(user, host, words)).unwrap()
    }

    /// The URL of that. A `host` with a port is another server.
    pub(crate) fn url(&self, user: &str, host: &str, words: &str) -> String {
        let words = words.replace("{}", self.certificates.to_str().unwrap());
        let port = if host.contains(':') { String::new() } else { format!(":{}", self.port) };
        format!("postgres://{user}@{host}{port}/postgres?{words}")
    }

    /// A file in the folder of its certificates.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        Path::new(&self.certificates).join(name)
    }
}

/// How a connection came about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Came {
    InPlain,
    Encrypted,
    /// Not, and this was among what was said about it.
    Not(&'static str),
}

impl Came {
    /// Whether it comes about so by `options`.
    pub(crate) async fn by(self, options: &PgOptions, told: &str) {
        match (options.establish().await, self) {
            (Ok(mut conn), _) => {
                let came = if is_encrypted(&mut conn).await { Self::Encrypted } else { Self::InPlain };
                assert_eq!(came, self, "{told}");
            }
            (Err(error), Self::Not(said)) => {
                let text = error.to_string();
                assert!(text.contains(said) && !text.contains("secret"), "{told}: {text}");
            }
            (Err(error), _) => panic!("{told}, which was to be {self:?}: {error}"),
        }
    }
}

/// What the server says of this connection.
async fn is_encrypted(conn: &mut AsyncPgConnection) -> bool {
    let own = "SELECT ssl AS is FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    diesel::sql_query(own).get_result::<Is>(conn).await.unwrap().is
}

#[derive(QueryableByName)]
struct Is {
    #[diesel(sql_type = Bool)]
    is: bool,
}
