//! What must be true of a server's certificate.

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// Judges a server by its certificate.
#[derive(Debug)]
pub(super) struct Verifier {
    authority: Option<Authority>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Who is trusted, and for what.
#[derive(Debug)]
struct Authority {
    roots: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
    named: bool,
}

impl Verifier {
    /// Takes any certificate.
    pub(super) fn of_nothing(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { authority: None, algorithms }
    }

    /// Takes one that `trusted` vouch for, or that is among them; and if `named`, that is for the host it is found at.
    pub(super) fn of_authority(
        (roots, certificates): (RootCertStore, Vec<CertificateDer<'static>>),
        named: bool,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { authority: Some(Authority { roots, certificates, named }), algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(authority) = &self.authority {
            let parsed = ParsedCertificate::try_from(certificate)?;
            let all = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &authority.roots, intermediates, now, all)
                .or_else(|error| authority.own(certificate, error))?;
            if authority.named {
                verify_server_name(&parsed, host)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    // Also where any certificate is taken: a password bound to the channel (SCRAM-SHA-256-PLUS) is bound to the certificate,
    // and only this shows that the server has its key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Authority {
    /// A server that is its own authority, as PostgreSQL's manual sets one up first, shows a certificate that also is
    /// one of an authority. The library refuses that, after it has looked at the dates; libpq takes it where it is
    /// trusted, and so do we.
    fn own(&self, certificate: &CertificateDer<'_>, error: Error) -> Result<(), Error> {
        let is_authority = matches!(
            &error,
            Error::InvalidCertificate(CertificateError::Other(it)) if it.0.to_string() == "CaUsedAsEndEntity"
        );
        if is_authority && self.certificates.contains(certificate) { Ok(()) } else { Err(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{
        options::PgOptions,
        tls::{Check, Fault, Tls, files::trusted},
    };
    use rustls::pki_types::pem::PemObject;
    use std::time::Duration;

    const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");
    /// 2026-12-01, when all of these certificates are valid.
    const THEN: u64 = 1_796_083_200;

    fn tls(mode: &str, roots: &str) -> Tls {
        let url = format!("postgres://h/db?sslmode={mode}&sslrootcert={HERE}/{roots}.pem");
        PgOptions::new(&url).unwrap().server.tls().clone()
    }

    /// What is said of `certificate`, shown by `host`; nothing if it is taken.
    fn judge(tls: &Tls, certificate: &str, host: &'static str, now: u64) -> Option<String> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let verifier = match &tls.check {
            Check::Nothing => Verifier::of_nothing(algorithms),
            Check::Authority(roots) => Verifier::of_authority(trusted(roots).unwrap(), false, algorithms),
            Check::Name(roots) => Verifier::of_authority(trusted(roots).unwrap(), true, algorithms),
        };
        let certificate = CertificateDer::from_pem_file(format!("{HERE}/{certificate}.pem")).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let host = ServerName::try_from(host).unwrap();
        let judged = verifier.verify_server_cert(&certificate, &[], &host, &[], now);
        judged.err().map(|error| Fault::Library(error).advice(tls))
    }

    #[test]
    fn a_certificate_is_taken_where_it_is_vouched_for_and_named() {
        for (mode, roots, certificate, host) in [
            ("verify-full", "authority", "server", "db.example"),
            ("verify-full", "authority", "server", "192.0.2.1"),
            ("verify-ca", "authority", "server", "other.example"),
            ("require", "authority", "server", "other.example"),
            ("verify-ca", "authority", "nameless", "db.example"),
            ("verify-full", "own", "own", "db.example"),
            ("verify-ca", "own", "own", "other.example"),
        ] {
            let said = judge(&tls(mode, roots), certificate, host, THEN);
            assert_eq!(said, None, "{mode}, {certificate} of {roots} at {host}");
        }
        let any = Tls { check: Check::Nothing, ..tls("require", "own") };
        assert_eq!(judge(&any, "server", "other.example", THEN), None);
    }

    #[test]
    fn a_certificate_is_refused_for_what_is_wrong_with_it_and_with_what_to_do() {
        let year = 366 * 24 * 3600;
        for (mode, roots, certificate, host, now, said) in [
            ("verify-ca", "own", "server", "db.example", THEN, "own.pem vouches for"),
            ("verify-full", "authority", "own", "db.example", THEN, "the server vouches for itself, and"),
            (
                "verify-full",
                "authority",
                "server",
                "other.example",
                THEN,
                "not for other.example but for db.example, 192",
            ),
            ("verify-full", "authority", "server", "192.0.2.2", THEN, "not for 192.0.2.2 but for db.example"),
            ("verify-full", "own", "own", "other.example", THEN, "not for other.example"),
            ("verify-full", "authority", "nameless", "db.example", THEN, "no host in its subjectAltName"),
            ("verify-ca", "authority", "version_1", "db.example", THEN, "X.509 version 1"),
            ("verify-ca", "authority", "server", "db.example", THEN + year, "expired at 2027-11-24T14:25:37"),
            ("verify-ca", "own", "own", "db.example", THEN + year, "expired at 2027-11-24"),
            (
                "verify-ca",
                "authority",
                "server",
                "db.example",
                THEN - year,
                "not valid yet, but from 2026-11-24",
            ),
        ] {
            let advice = judge(&tls(mode, roots), certificate, host, now).unwrap_or_default();
            assert!(advice.contains(said), "{mode}, {certificate} of {roots} at {host}: {advice}");
        }
    }
}
