//! Why a server and we could not agree on TLS, and what to do about it.

use super::{Check, Roots, Tls};
use job_core::Timestamp;
use rustls::{AlertDescription as Alert, CertificateError, pki_types::UnixTime};
use std::{error::Error as _, fmt::Write, io};
use tokio_postgres::Error;

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The server knows no TLS.
    Absent,
    /// The server did not take part in binding the password to the channel.
    Unbound,
    /// What the TLS library says.
    Library(rustls::Error),
    /// The connection ended during the handshake.
    CutOff,
}

impl Fault {
    /// If `error` is about TLS.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        let mut next = error.source();
        while let Some(cause) = next {
            // An error of input and output leads past the one that it carries.
            let carried = cause.downcast_ref::<io::Error>().and_then(|it| it.get_ref()?.downcast_ref());
            if let Some(error) = cause.downcast_ref::<rustls::Error>().or(carried) {
                return Some(Self::Library(error.clone()));
            }
            next = cause.source();
        }
        // The driver has no codes for these.
        match error.source()?.to_string().as_str() {
            "server does not support TLS" => Some(Self::Absent),
            "server did not use channel binding" => Some(Self::Unbound),
            _ if error.to_string().starts_with("error performing TLS handshake") => Some(Self::CutOff),
            _ => None,
        }
    }

    /// Whether it will be the same the next time.
    pub(crate) fn lasts(&self) -> bool {
        match self {
            Self::Absent | Self::Unbound => true,
            Self::Library(error) => matches!(
                error,
                rustls::Error::InvalidCertificate(_)
                    | rustls::Error::NoCertificatesPresented
                    | rustls::Error::PeerIncompatible(_)
                    | rustls::Error::NoApplicationProtocol
                    | rustls::Error::AlertReceived(_)
            ),
            Self::CutOff => false,
        }
    }

    /// What to do about it.
    pub(crate) fn advice(&self, tls: &Tls) -> String {
        match self {
            Self::Absent => "the server speaks no TLS, and the URL asks for it: switch it on there (ssl = on), or, where \
                             the network is trusted, say sslmode=disable"
                .to_owned(),
            Self::Unbound => "the server did not bind the password to the connection, which channel_binding=require asks \
                              for: let pg_hba.conf ask for scram-sha-256 by hostssl, with a certificate whose signature \
                              is RSA or ECDSA with SHA-2; or take channel_binding out"
                .to_owned(),
            Self::Library(rustls::Error::InvalidCertificate(error)) => of_certificate(error, tls),
            Self::Library(rustls::Error::AlertReceived(alert)) => of_alert(*alert),
            Self::Library(error) => {
                format!("the server and this program cannot agree on TLS ({error}): TLS 1.2 and 1.3 are spoken here")
            }
            Self::CutOff if tls.direct => "the server ended the handshake: sslnegotiation=direct needs PostgreSQL 17 \
                                           or later, or a proxy that knows it; take it out for others"
                .to_owned(),
            Self::CutOff => "the server ended the handshake: is it a PostgreSQL server, and do proxies before it let TLS \
                             pass?"
                .to_owned(),
        }
    }
}

fn of_certificate(error: &CertificateError, tls: &Tls) -> String {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => {
            let mut advice = "the server's certificate has expired".to_owned();
            if let E::ExpiredContext { not_after, .. } = error {
                let _ = write!(advice, " at {}", moment(*not_after));
            }
            advice + ": renew it on the server; if it has not, set this machine's clock"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            let mut advice = "the server's certificate is not valid yet".to_owned();
            if let E::NotValidYetContext { not_before, .. } = error {
                let _ = write!(advice, ", but from {} on", moment(*not_before));
            }
            advice + ": set the clock of this machine, or of the one that made it"
        }
        E::BadSignature => "the server has not the key to its certificate, or somebody forged that: this is another server \
                            than it says"
            .to_owned(),
        E::UnknownIssuer => format!(
            "nobody in {} vouches for the server's certificate: let sslrootcert name the file with the certificate of \
             its authority; if that is right, this is another server than it says",
            roots(&tls.check)
        ),
        E::NotValidForNameContext { expected, presented } if presented.is_empty() => format!(
            "the server's certificate names no host in its subjectAltName, and so not {} (its common name does not \
             count): make it anew with one, or say sslmode=verify-ca, which does not look at the name",
            expected.to_str()
        ),
        E::NotValidForNameContext { expected, presented } => format!(
            "the server's certificate is not for {} but for {}: name the host in the URL as the certificate does (and \
             give its address by hostaddr, if need be), or make a certificate for it; sslmode=verify-ca does not look \
             at the name",
            expected.to_str(),
            presented.iter().map(|it| plain(it)).collect::<Vec<_>>().join(", ")
        ),
        E::Other(it) if it.0.to_string() == "CaUsedAsEndEntity" => format!(
            "the server vouches for itself, and its certificate is not in {}: let sslrootcert name a file that it is in",
            roots(&tls.check)
        ),
        E::Other(it) if it.0.to_string() == "UnsupportedCertVersion" => {
            "the server's certificate is of X.509 version 1, which is not supported: make it anew with extensions, such \
             as subjectAltName"
                .to_owned()
        }
        error => format!("the server's certificate cannot be accepted: {error}"),
    }
}

fn of_alert(alert: Alert) -> String {
    match alert {
        Alert::CertificateRequired => {
            "the server wants a certificate of this program's: name its files by sslcert and sslkey"
                .to_owned()
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => format!(
            "the server does not take the certificate in sslcert ({alert:?}): is it of an authority in the server's \
             ssl_ca_file, and not expired? The server's log says more"
        ),
        alert => format!("the server ended the handshake ({alert:?}); its log says why"),
    }
}

fn roots(check: &Check) -> String {
    match check {
        Check::Authority(Roots::File(path)) | Check::Name(Roots::File(path)) => path.display().to_string(),
        _ => "this machine's list of authorities".to_owned(),
    }
}

fn moment(time: UnixTime) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

/// `db.example` of `DnsName("db.example")`, which is how the library writes what a certificate is for.
fn plain(name: &str) -> &str {
    let inside = name.split_once('(').and_then(|it| it.1.strip_suffix(')')).unwrap_or(name);
    inside.trim_matches('"')
}
