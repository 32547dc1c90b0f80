//! A handshake that begins at once, for servers from 17 on, which expect to be told the protocol in it.

use super::server::{Came, Encrypted};
use crate::run;
use diesel::{QueryableByName, sql_types::Integer};
use diesel_async::RunQueryDsl;
use rustls::{
    ServerConfig, ServerConnection, Stream,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
};

/// What a server says to whom it does not let in, as the protocol has it.
const REFUSAL: &[u8] = b"SFATAL\0VFATAL\0C28P01\0Mno such password\0\0";

#[test]
fn a_direct_handshake_asks_nothing_first_and_names_the_protocol() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        let (address, protocol) = listen(&server, "server.key");
        let words = "sslmode=verify-full&sslrootcert={}/root.crt&sslnegotiation=direct";
        let options = server.options("postgres:secret", &format!("localhost:{}", address.port()), words);
        Came::Not("does not take this password for the user postgres").by(&options, words).await;
        assert_eq!(protocol.join().unwrap().as_deref(), Some(&b"postgresql"[..]));
    });
}

/// Whatever is checked of the certificate: a password that is bound to it would be bound to nothing.
#[test]
fn who_has_not_the_key_to_a_certificate_is_refused_in_every_mode() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        for mode in ["require", "verify-ca&sslrootcert={}/root.crt", "verify-full&sslrootcert={}/root.crt"] {
            let (address, told) = listen(&server, "client.key");
            let words = format!("sslmode={mode}&sslnegotiation=direct");
            let options = server.options("postgres:secret", &format!("localhost:{}", address.port()), &words);
            Came::Not("the server has not the key to its certificate").by(&options, &words).await;
            assert_eq!(told.join().unwrap(), None);
        }
    });
}

#[test]
fn an_older_server_is_not_spoken_to_directly() {
    run(async {
        let Some(server) = Encrypted::server().await else { return };
        let mut conn = server.options("postgres", "localhost", "sslmode=disable").establish().await.unwrap();
        let version = "SELECT current_setting('server_version_num')::integer AS number";
        let version = diesel::sql_query(version).get_result::<Version>(&mut conn).await.unwrap().number;
        let came = match version {
            ..170_000 => Came::Not("sslnegotiation=direct needs PostgreSQL 17 or later"),
            _ => Came::Encrypted,
        };
        let options = server.options("postgres", "localhost", "sslmode=require&sslnegotiation=direct");
        came.by(&options, &format!("version {version}")).await;
    });
}

/// A server with the tests' certificate and a key. It takes one handshake, refuses whoever it is, and tells which protocol
/// they named; none if they ended the handshake.
fn listen(server: &Encrypted, key: &str) -> (SocketAddr, JoinHandle<Option<Vec<u8>>>) {
    let certificate = CertificateDer::from_pem_file(server.file("server.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(server.file(key)).unwrap();
    let provider = default_provider();
    let signer = provider.key_provider.load_private_key(key).unwrap();
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], signer));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let told = thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        let mut session = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = Stream::new(&mut session, &mut socket);
        // How long what they said is does not matter; that they say anything does.
        let _ = stream.read(&mut [0; 1024]).ok()?;
        let length = u32::try_from(REFUSAL.len() + 4).unwrap().to_be_bytes();
        stream.write_all(&[b"E", &length[..], REFUSAL].concat()).unwrap();
        session.alpn_protocol().map(<[u8]>::to_vec)
    });
    (address, told)
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    number: i32,
}
