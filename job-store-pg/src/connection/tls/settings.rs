//! What a URL says about TLS, and whether that makes sense.

use crate::connection::options::UrlError;
use std::path::PathBuf;
use tokio_postgres::{
    Config,
    config::{ChannelBinding, SslMode, SslNegotiation},
};

/// The settings that the driver does not know, or knows but in part.
pub(crate) const KEYS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

/// How connections are secured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tls {
    /// When they are encrypted.
    pub(crate) when: When,
    /// What must be true of the server's certificate.
    pub(crate) check: Check,
    /// What we show the server if it asks who we are.
    pub(crate) identity: Option<Identity>,
    /// Whether the handshake begins at once, without asking the server first.
    pub(crate) direct: bool,
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum When {
    /// Never.
    Never,
    /// If the server refuses it in plain.
    Refused,
    /// If the server can, and takes it so; else in plain.
    Offered,
    /// Always, or there is none.
    Always,
}

/// What is checked of the server's certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Check {
    /// Nothing: whoever is in between could read all, but who only listens cannot.
    Nothing,
    /// That one of these vouches for it.
    Authority(Roots),
    /// That one of these vouches for it, and that it is for the host in the URL.
    Name(Roots),
}

/// Whom we trust to vouch for a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Roots {
    /// Whom this machine trusts.
    System,
    /// Who is in this file, in PEM.
    File(PathBuf),
}

/// A client's certificate, with those that lead up to its authority, and the key to it; both in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Tls {
    /// Of the settings `said` in a URL, `KEYS` alone, and the others in `config`.
    pub(crate) fn new(said: &[(String, String)], config: &Config) -> Result<Self, UrlError> {
        let value = |key: &str| said.iter().rev().find(|it| it.0 == key).map(|it| it.1.as_str());
        let roots = value("sslrootcert").map(|it| match it {
            "system" => Roots::System,
            file => Roots::File(file.into()),
        });
        let (when, check) = match (value("sslmode"), config.get_ssl_mode(), roots) {
            // As libpq does.
            (None, _, Some(Roots::System)) => (When::Always, Check::Name(Roots::System)),
            (Some("disable"), _, None) | (None, SslMode::Disable, None) => (When::Never, Check::Nothing),
            (Some("allow"), _, None) => (When::Refused, Check::Nothing),
            (Some("prefer"), _, None) | (None, SslMode::Prefer, None) => (When::Offered, Check::Nothing),
            (Some("require"), _, None) | (None, SslMode::Require, None) => (When::Always, Check::Nothing),
            (Some("require" | "verify-ca"), _, Some(roots @ Roots::File(_))) => {
                (When::Always, Check::Authority(roots))
            }
            (Some("verify-full"), _, roots) => (When::Always, Check::Name(roots.unwrap_or(Roots::System))),
            (Some("require" | "verify-ca"), _, Some(Roots::System)) => return Err(ANYBODY),
            (Some("verify-ca"), _, None) => return Err(NOBODY),
            (Some("disable" | "allow" | "prefer") | None, _, Some(_)) => return Err(IN_VAIN),
            _ => return Err(MODES),
        };
        let identity = match (value("sslcert"), value("sslkey")) {
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate: certificate.into(), key: key.into() })
            }
            (None, None) => None,
            _ => return Err(HALF),
        };
        let direct = config.get_ssl_negotiation() == SslNegotiation::Direct;
        if direct && when != When::Always {
            return Err(WEAK);
        }
        let bound = config.get_channel_binding() == ChannelBinding::Require;
        if when == When::Never && (identity.is_some() || bound) {
            return Err(PLAIN);
        }
        if cfg!(not(feature = "tls")) && (when == When::Always || bound) {
            return Err(UrlError::NoTls);
        }
        Ok(Self { when, check, identity, direct })
    }

    /// Whether anything must be read before a handshake.
    pub(crate) fn reads_files(&self) -> bool {
        self.check != Check::Nothing || self.identity.is_some()
    }
}

const MODES: UrlError =
    UrlError::Choice { key: "sslmode", choices: "disable, allow, prefer, require, verify-ca or verify-full" };
const ANYBODY: UrlError = UrlError::Contradiction {
    key: "sslrootcert",
    advice: "anybody gets a certificate from the system's authorities, for a name of their own: say \
             sslmode=verify-full with sslrootcert=system, which looks at the name too",
};
const NOBODY: UrlError = UrlError::Contradiction {
    key: "sslmode",
    advice: "verify-ca needs an authority of your own to trust: name its file by sslrootcert=FILE, or say \
             sslmode=verify-full to trust this machine's authorities",
};
const IN_VAIN: UrlError = UrlError::Contradiction {
    key: "sslrootcert",
    advice: "what it checks is in vain where the connection may be plain all the same: say sslmode=verify-full too",
};
const HALF: UrlError = UrlError::Contradiction {
    key: "sslcert",
    advice: "a client's certificate needs its key, and a key its certificate: give both sslcert=FILE and sslkey=FILE",
};
const WEAK: UrlError = UrlError::Contradiction {
    key: "sslnegotiation",
    advice: "direct has no way to a plain connection: say sslmode=require or more, or take it out",
};
const PLAIN: UrlError = UrlError::Contradiction {
    key: "sslmode",
    advice: "with disable there is no TLS: take out sslcert, sslkey and channel_binding=require, or say another mode",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::options::PgOptions;

    fn tls(words: &str) -> Result<Tls, UrlError> {
        Ok(PgOptions::new(&format!("postgres://u:secret@h/db?{words}"))?.server.tls().clone())
    }

    #[test]
    #[cfg(feature = "tls")]
    fn a_mode_means_what_libpq_says() {
        let file = || Roots::File("/etc/ca.pem".into());
        for (words, when, check) in [
            ("", When::Offered, Check::Nothing),
            ("sslmode=disable", When::Never, Check::Nothing),
            ("sslmode=allow", When::Refused, Check::Nothing),
            ("sslmode=prefer", When::Offered, Check::Nothing),
            ("sslmode=require", When::Always, Check::Nothing),
            ("sslmode=require&sslrootcert=/etc/ca.pem", When::Always, Check::Authority(file())),
            ("sslmode=verify-ca&sslrootcert=/etc/ca.pem", When::Always, Check::Authority(file())),
            ("sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem", When::Always, Check::Name(file())),
            ("sslmode=verify-full&sslrootcert=system", When::Always, Check::Name(Roots::System)),
            ("sslmode=verify-full", When::Always, Check::Name(Roots::System)),
            ("sslrootcert=system", When::Always, Check::Name(Roots::System)),
            ("ssl%6Dode=require", When::Always, Check::Nothing),
            ("sslmode=disable&sslmode=require", When::Always, Check::Nothing),
        ] {
            let tls = tls(words).unwrap();
            assert_eq!((tls.when, tls.check), (when, check), "{words}");
        }
        let both = tls("sslmode=require&sslcert=a.crt&sslkey=a.key&sslnegotiation=direct").unwrap();
        assert_eq!(both.identity, Some(Identity { certificate: "a.crt".into(), key: "a.key".into() }));
        assert!(both.direct && !tls("sslmode=require").unwrap().direct);
    }

    /// The driver takes settings without a URL too, and no mode may get lost on that way.
    #[test]
    #[cfg(feature = "tls")]
    fn a_mode_that_only_the_driver_read_holds_too() {
        let options = PgOptions::new("host=h user=u sslmode=require").unwrap();
        assert_eq!(options.server.tls().when, When::Always);
        assert!(PgOptions::new("host=h user=u sslmode=verify-full").is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_say_instead() {
        for (words, advice) in [
            ("sslmode=full", "disable, allow, prefer, require, verify-ca or verify-full"),
            ("sslmode=", "disable, allow, prefer, require, verify-ca or verify-full"),
            ("sslmode=verify-ca", "sslrootcert=FILE"),
            ("sslmode=verify-ca&sslrootcert=system", "sslmode=verify-full"),
            ("sslmode=require&sslrootcert=system", "sslmode=verify-full"),
            ("sslmode=prefer&sslrootcert=ca.pem", "sslmode=verify-full"),
            ("sslmode=disable&sslrootcert=ca.pem", "sslmode=verify-full"),
            ("sslrootcert=ca.pem", "sslmode=verify-full"),
            ("sslcert=a.crt", "sslkey=FILE"),
            ("sslmode=require&sslkey=a.key", "sslcert=FILE"),
            ("sslmode=disable&sslcert=a.crt&sslkey=a.key", "another mode"),
            ("sslmode=disable&channel_binding=require", "another mode"),
            ("sslnegotiation=direct", "sslmode=require"),
            ("sslmode=require&sslcrl=a.crl", "sslmode, sslrootcert, sslcert, sslkey"),
        ] {
            let error = tls(words).unwrap_err();
            assert!(error.to_string().contains(advice), "{words}: {error}");
            assert!(!job_core::Text::of_error(&error).to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    #[cfg(not(feature = "tls"))]
    fn a_program_without_tls_refuses_to_go_in_plain() {
        for words in
            ["sslmode=require", "sslmode=verify-full", "sslrootcert=system", "channel_binding=require"]
        {
            assert!(tls(words).unwrap_err().to_string().contains("feature `tls` of job-store-pg"), "{words}");
        }
        assert_eq!(tls("sslmode=prefer").unwrap().when, When::Never);
    }
}
