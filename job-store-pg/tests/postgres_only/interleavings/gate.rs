//! A way to the server that can be closed between two statements.

use crate::server;
use std::sync::Mutex;
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
};
use tokio_postgres::{Config, config::Host};

/// What the server sends when it has done a statement and is ready for the next.
const READY: u8 = b'Z';

/// Passes everything on, until it is told to stop.
pub(super) struct Gate {
    url: String,
    stop: Arc<Mutex<Option<Stop>>>,
}

/// Where it stops.
struct Stop {
    statements: usize,
    reached: oneshot::Sender<()>,
    goes_on: oneshot::Receiver<()>,
}

impl Gate {
    /// A gate before the tests' server.
    pub(super) async fn new() -> Self {
        let config: Config = server::url().parse().unwrap();
        let Some(Host::Tcp(host)) = config.get_hosts().first().cloned() else {
            panic!("the tests' server is reached by TCP");
        };
        let to = (host, config.get_ports().first().copied().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let password = config.get_password().map(|it| format!(":{}", String::from_utf8_lossy(it)));
        let user = format!("{}{}", config.get_user().unwrap_or("postgres"), password.unwrap_or_default());
        let url = format!("postgres://{user}@{here}/{}", config.get_dbname().unwrap_or("postgres"));
        let stop = Arc::<Mutex<Option<Stop>>>::default();
        tokio::spawn(serve(listener, to, stop.clone()));
        Self { url, stop }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Keeps the answer to a statement, with so many before it, until the second of these is used or dropped. The first
    /// says that it is there.
    pub(super) fn stop_after(&self, statements: usize) -> (oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (reached, is_reached) = oneshot::channel();
        let (go_on, goes_on) = oneshot::channel();
        *self.stop.lock().unwrap() = Some(Stop { statements, reached, goes_on });
        (is_reached, go_on)
    }
}

async fn serve(listener: TcpListener, to: (String, u16), stop: Arc<Mutex<Option<Stop>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect((&*to.0, to.1)).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (mut asks, answers) = client.into_split();
        let (answered, mut asked) = server.into_split();
        tokio::spawn(async move { copy(&mut asks, &mut asked).await });
        tokio::spawn(answer(answered, answers, stop.clone()));
    }
}

/// Passes the server's messages on, one by one.
async fn answer(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    stop: Arc<Mutex<Option<Stop>>>,
) -> io::Result<()> {
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut message = vec![0; 5];
        message[0] = kind;
        message[1..].copy_from_slice(&length.to_be_bytes());
        message.resize(length as usize + 1, 0);
        from.read_exact(&mut message[5..]).await?;
        let stops = (kind == READY).then(|| reached(&stop)).flatten();
        if let Some(stop) = stops {
            let _ = stop.reached.send(());
            let _ = stop.goes_on.await;
        }
        to.write_all(&message).await?;
    }
}

/// Counts a statement; gives the stop if it is the one.
fn reached(stop: &Mutex<Option<Stop>>) -> Option<Stop> {
    let mut stop = stop.lock().unwrap();
    match stop.as_mut()?.statements.checked_sub(1) {
        Some(left) => {
            stop.as_mut()?.statements = left;
            None
        }
        None => stop.take(),
    }
}
