//! What a URL asks for is what comes about, or nothing does.

use super::server::{
    Came::{self, Encrypted, InPlain, Not},
    Encrypted as Server,
};
use crate::{
    run,
    server::{self, connect},
};
use diesel::{QueryableByName, sql_types::Text};
use diesel_async::RunQueryDsl;
use job_store_pg::PgOptions;
use std::fs;

const NO_TLS: Came = Not("the server speaks no TLS, and the URL asks for it");
const NOBODY: Came = Not("other.crt vouches for the server's certificate");
const ELSEWHERE: Came =
    Not("not for 127.0.0.1 but for localhost: name the host in the URL as the certificate does");

/// Each mode: with the server's authority and by its name, with another authority, by another name, and where there is
/// no TLS.
const MODES: [(&str, [Came; 4]); 8] = [
    ("sslmode=disable", [InPlain, InPlain, InPlain, InPlain]),
    ("sslmode=allow", [InPlain, InPlain, InPlain, InPlain]),
    ("", [Encrypted, Encrypted, Encrypted, InPlain]),
    ("sslmode=prefer", [Encrypted, Encrypted, Encrypted, InPlain]),
    ("sslmode=require", [Encrypted, Encrypted, Encrypted, NO_TLS]),
    ("sslmode=require&sslrootcert={}/ROOTS", [Encrypted, NOBODY, Encrypted, NO_TLS]),
    ("sslmode=verify-ca&sslrootcert={}/ROOTS", [Encrypted, NOBODY, Encrypted, NO_TLS]),
    ("sslmode=verify-full&sslrootcert={}/ROOTS", [Encrypted, NOBODY, ELSEWHERE, NO_TLS]),
];

#[test]
fn each_mode_asks_as_much_of_each_server_as_libpqs() {
    run(async {
        let Some(server) = Server::server().await else { return };
        for (words, came) in MODES {
            let situations =
                [("root.crt", "localhost"), ("other.crt", "localhost"), ("root.crt", "127.0.0.1")];
            for ((roots, host), came) in situations.into_iter().zip(came) {
                let words = words.replace("ROOTS", roots);
                came.by(&server.options("postgres", host, &words), &format!("{words} at {host}")).await;
            }
            // The tests' usual server, if that has no TLS.
            let [.., came] = came;
            let url = server::url();
            if ssl().await == "off" && !url.contains("sslmode=") {
                let glue = if url.contains('?') { '&' } else { '?' };
                let certificates = server.file("root.crt");
                let words = words.replace("{}/ROOTS", certificates.to_str().unwrap());
                let options = PgOptions::new(&format!("{url}{glue}{words}")).unwrap();
                came.by(&options, &format!("{words} without TLS")).await;
            }
        }
    });
}

#[test]
fn this_machines_authorities_do_not_vouch_for_just_anybody() {
    run(async {
        let Some(server) = Server::server().await else { return };
        for words in ["sslmode=verify-full", "sslrootcert=system"] {
            // A machine may trust nobody at all.
            let refused = server.options("postgres", "localhost", words).establish().await.err().unwrap();
            let said = ["nobody in this machine's list of authorities", "this machine trusts no authority"];
            assert!(said.iter().any(|it| refused.to_string().contains(it)), "{words}: {refused}");
        }
    });
}

#[test]
fn a_server_that_takes_one_way_only_is_found_by_it() {
    run(async {
        let Some(server) = Server::server().await else { return };
        let strange = "sslmode=prefer&sslcert={}/stranger.crt&sslkey={}/stranger.key";
        for (user, words, came) in [
            ("encrypted", "sslmode=allow", Encrypted),
            ("encrypted", "sslmode=prefer", Encrypted),
            (
                "encrypted",
                "sslmode=disable",
                Not("not let the user encrypted in from here without encryption"),
            ),
            ("plain", "sslmode=allow", InPlain),
            ("plain", "sslmode=prefer", InPlain),
            (
                "plain",
                "sslmode=require",
                Not("does not let the user plain in from here: there is no such user"),
            ),
            // A handshake that fails.
            ("postgres", strange, InPlain),
            ("encrypted", strange, Not("does not take the certificate in sslcert")),
            // Neither way helps, and what the server says about it is told.
            ("bound:wrong-secret", "sslmode=allow", Not("does not take this password")),
            ("bound:wrong-secret", "sslmode=prefer", Not("does not take this password")),
            ("bound", "sslmode=prefer", Not("the server wants a password")),
            ("nobody", "sslmode=allow", Not("the user nobody in from here: there is no such user")),
        ] {
            came.by(&server.options(user, "localhost", words), &format!("{user} with {words}")).await;
        }
    });
}

#[test]
fn a_client_shows_its_certificate_where_it_is_asked_to() {
    run(async {
        let Some(server) = Server::server().await else { return };
        let with = |name: &str| format!("sslmode=require&sslcert={{}}/{name}.crt&sslkey={{}}/{name}.key");
        for (user, words, came) in [
            ("certified", with("client"), Encrypted),
            (
                "certified",
                "sslmode=require".to_owned(),
                Not("wants a certificate for the user certified: name its"),
            ),
            ("certified", with("stranger"), Not("does not take the certificate in sslcert (UnknownCA)")),
            ("nameless", with("client"), Not("the certificate in sslcert is not for the user nameless")),
        ] {
            came.by(&server.options(user, "localhost", &words), &format!("{user} with {words}")).await;
        }
    });
}

#[test]
fn a_password_is_bound_to_the_connection_where_that_is_asked_for() {
    run(async {
        let Some(server) = Server::server().await else { return };
        for (user, words, came) in [
            ("bound:secret", "sslmode=require&channel_binding=require", Encrypted),
            ("bound:secret", "sslmode=require&channel_binding=disable", Encrypted),
            ("encrypted", "sslmode=require&channel_binding=require", Not("did not bind the password")),
        ] {
            came.by(&server.options(user, "localhost", words), &format!("{user} with {words}")).await;
        }
    });
}

#[test]
fn renewed_files_are_taken_up_without_a_restart() {
    run(async {
        let Some(server) = Server::server().await else { return };
        let file = std::env::temp_dir().join(format!("renewed-{}.crt", std::process::id()));
        fs::copy(server.file("other.crt"), &file).unwrap();
        let words = format!("sslmode=verify-full&sslrootcert={}", file.display());
        let options = server.options("postgres", "localhost", &words);
        Not("vouches for the server's certificate").by(&options, "before").await;
        fs::copy(server.file("root.crt"), &file).unwrap();
        Encrypted.by(&options, "after").await;
        fs::remove_file(&file).unwrap();
        Not("is it there, and may this user read it?").by(&options, "at last").await;
    });
}

/// Whether the tests' usual server speaks TLS.
async fn ssl() -> String {
    diesel::sql_query("SHOW ssl").get_result::<Ssl>(&mut connect().await).await.unwrap().ssl
}

#[derive(QueryableByName)]
struct Ssl {
    #[diesel(sql_type = Text)]
    ssl: String,
}
