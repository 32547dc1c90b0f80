//! From the files that a URL names to what the driver connects by.

use super::{Check, Identity, Roots, Tls, verifier::Verifier};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(crate) use tokio_postgres_rustls::MakeRustlsConnect as Inner;

/// What a server says that its protocol is, in a handshake that begins at once.
const PROTOCOL: &[u8] = b"postgresql";

/// A file that the URL names is no good, or this machine trusts nobody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("`{key}` in the URL names {path}, which cannot be used: {advice}", path = .path.display())]
    File { key: &'static str, path: PathBuf, advice: &'static str, source: Option<pem::Error> },
    #[error(
        "this machine trusts no authority that could vouch for a server: install its certificates (ca-certificates), \
         or name a file by sslrootcert=FILE"
    )]
    NoSystemRoots,
    #[error("the certificate in `sslcert` and the key in `sslkey` are no pair that can be used")]
    Pair(#[source] rustls::Error),
    #[error("TLS is not to be had")]
    Library(#[source] rustls::Error),
}

/// Reads the files, anew for each connection, so that renewed ones are taken up without a restart.
pub(crate) fn load(tls: &Tls) -> Result<Inner, FileError> {
    let provider = Arc::new(default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let verifier = match &tls.check {
        Check::Nothing => Verifier::of_nothing(algorithms),
        Check::Authority(roots) => Verifier::of_authority(trusted(roots)?, false, algorithms),
        Check::Name(roots) => Verifier::of_authority(trusted(roots)?, true, algorithms),
    };
    // A provider of our own choice, since a program may have set none, or another, for all of it.
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(FileError::Library)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some(Identity { certificate, key }) => builder
            .with_client_auth_cert(certificates("sslcert", certificate)?, private_key(key)?)
            .map_err(FileError::Pair)?,
    };
    if tls.direct {
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

/// Whom to trust, and their certificates.
pub(super) fn trusted(roots: &Roots) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), FileError> {
    let mut store = RootCertStore::empty();
    let certificates = match roots {
        // What is wrong with one of many is no reason to refuse all.
        Roots::System => rustls_native_certs::load_native_certs().certs,
        Roots::File(path) => certificates("sslrootcert", path)?,
    };
    store.add_parsable_certificates(certificates.iter().cloned());
    match roots {
        Roots::System if store.is_empty() => Err(FileError::NoSystemRoots),
        Roots::File(path) if store.is_empty() => Err(refuse("sslrootcert", path, NO_CERTIFICATE, None)),
        _ => Ok((store, certificates)),
    }
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(refuse(key, path, NO_CERTIFICATE, None)),
        Ok(found) => Ok(found),
        Err(error) => Err(refuse(key, path, of_reading(&error, NO_CERTIFICATE), Some(error))),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        // Its kind of PEM is passed over as none that is known.
        let encrypted = std::fs::read_to_string(path).is_ok_and(|it| it.contains("ENCRYPTED"));
        let advice = if encrypted { ENCRYPTED } else { of_reading(&error, NO_KEY) };
        refuse("sslkey", path, advice, Some(error))
    })
}

const UNREADABLE: &str = "is it there, and may this user read it?";
const NO_CERTIFICATE: &str =
    "there is no certificate in it, in PEM, which begins with -----BEGIN CERTIFICATE-----";
const NO_KEY: &str = "there is no private key in it, in PEM";
const ENCRYPTED: &str = "the key is encrypted, and there is nobody to ask for its password: write it in plain with \
                         `openssl pkey`, for this user's eyes only";

fn of_reading(error: &pem::Error, other: &'static str) -> &'static str {
    if matches!(error, pem::Error::Io(_)) { UNREADABLE } else { other }
}

fn refuse(key: &'static str, path: &Path, advice: &'static str, source: Option<pem::Error>) -> FileError {
    FileError::File { key, path: path.to_owned(), advice, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::options::PgOptions;

    const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");

    #[test]
    fn a_file_that_is_no_good_is_named_with_what_it_lacks() {
        let folder = std::env::temp_dir().join(format!("job-store-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let (empty, locked) = (file("empty", ""), file("locked", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let broken = file("broken", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
        let ours = format!("{HERE}/server.pem");
        for (words, key, path, advice) in [
            ("sslrootcert=/nonexistent.crt".to_owned(), "sslrootcert", "/nonexistent.crt", "is it there"),
            (format!("sslrootcert={empty}"), "sslrootcert", &*empty, "no certificate in it"),
            (format!("sslrootcert={broken}"), "sslrootcert", &*broken, "no certificate in it"),
            (format!("sslcert={empty}&sslkey={empty}"), "sslcert", &*empty, "no certificate in it"),
            (format!("sslcert={ours}&sslkey={empty}"), "sslkey", &*empty, "no private key in it"),
            (format!("sslcert={ours}&sslkey={locked}"), "sslkey", &*locked, "openssl pkey"),
            (format!("sslcert={ours}&sslkey=/nonexistent.key"), "sslkey", "/nonexistent.key", "is it there"),
        ] {
            let options = PgOptions::new(&format!("postgres://h/db?sslmode=require&{words}")).unwrap();
            let refused = load(options.server.tls()).err().unwrap().to_string();
            for part in [key, path, advice] {
                assert!(refused.contains(part), "{words}: {refused}");
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
