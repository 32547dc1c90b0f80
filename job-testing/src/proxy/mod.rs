//! A proxy in front of a PostgreSQL server, which counts what clients say and cuts them off where it hurts.
//!
//! It knows the protocol as far as it takes to tell when a server commits. Its threads are its own: a test's runtime may
//! stand still, or have a clock of its own.
//!
//! ```no_run
//! use job_testing::proxy::{Cut, Proxy, Side, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let proxy = Proxy::before("postgres://postgres@127.0.0.1:5432/postgres")?;
//! // … connect to proxy.url() …
//! let before = proxy.counts();
//! // … one call …
//! assert_eq!(proxy.counts().since(before).round_trips(), 1);
//! proxy.cut_at(Cut { write: Write::Transaction, side: Side::After, skip: 0 });
//! // … the next transaction commits, and its client never hears of it …
//! assert!(!proxy.is_armed());
//! # Ok(())
//! # }
//! ```

mod address;
mod counts;
mod cut;
mod link;
mod message;
mod talk;

pub use counts::Counts;
pub use cut::{Cut, Side, Write};

use link::Link;
use parking_lot::{Condvar, Mutex};
use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};

/// A proxy that listens on a port of its own, on 127.0.0.1. When it is dropped, it cuts all of its connections.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    url: String,
    accepting: Option<JoinHandle<()>>,
}

/// What the threads of a proxy share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Told of every change of the state.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    links: Vec<Arc<Link>>,
    counts: Counts,
    armed: Option<Cut>,
    refuses: bool,
    stalls: bool,
    ended: bool,
}

impl Proxy {
    /// A proxy in front of the server that `url` names.
    ///
    /// # Errors
    ///
    /// If the URL names no host that is reached by TCP, or no port is free. The server need not run yet.
    pub fn before(url: &str) -> io::Result<Self> {
        let server = address::of(url)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let accepting = {
            let shared = shared.clone();
            thread::Builder::new()
                .name("proxy".to_owned())
                .spawn(move || accept(&shared, &listener, &server))?
        };
        Ok(Self { shared, address, url: address::moved(url, address), accepting: Some(accepting) })
    }

    /// The URL of the server, by way of this proxy.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many messages clients have sent so far, all connections together. Those that a cut kept from the server are
    /// counted too.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.state.lock().counts
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state.lock().links.len()
    }

    /// Cuts the next connection that comes to this point, once. A cut that was armed before and has not happened yet is
    /// forgotten.
    pub fn cut_at(&self, cut: Cut) {
        self.shared.state.lock().armed = Some(cut);
    }

    /// Whether a cut is still to come.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.shared.state.lock().armed.is_some()
    }

    /// Cuts every connection now, whatever is on its way.
    pub fn cut_all(&self) {
        let links = self.shared.state.lock().links.clone();
        links.iter().for_each(|it| it.cut());
        self.shared.changed.notify_all();
    }

    /// Whether new connections are closed as soon as they come. Those that are there stay.
    pub fn refuse(&self, refuses: bool) {
        self.shared.state.lock().refuses = refuses;
    }

    /// From now on the connections that there are stand still, for ever: as if a firewall had forgotten them. New ones do not.
    /// [`cut_all`](Self::cut_all) cuts them all the same.
    pub fn forget_all(&self) {
        self.shared.state.lock().links.iter().for_each(|it| it.forget());
    }

    /// Whether connections stand still: what either side says is kept until this ends.
    /// [`cut_all`](Self::cut_all) cuts them all the same.
    pub fn stall(&self, stalls: bool) {
        self.shared.state.lock().stalls = stalls;
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        // Wakes the one that accepts, which then sees the end.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        self.cut_all();
    }
}

impl Shared {
    /// Waits until nothing stands still. `false` if the connection was cut by then.
    fn passes(&self, link: &Link) -> bool {
        let mut state = self.state.lock();
        while (state.stalls || link.is_forgotten()) && !link.is_cut() {
            self.changed.wait(&mut state);
        }
        !link.is_cut()
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener, server: &str) {
    for client in listener.incoming() {
        let state = shared.state.lock();
        if state.ended {
            return;
        }
        let refuses = state.refuses;
        drop(state);
        if let Ok(client) = client
            && !refuses
        {
            let (shared, server) = (shared.clone(), server.to_owned());
            // A client without a thread is one that is cut off.
            let _ = thread::Builder::new().name("proxy-link".to_owned()).spawn(move || {
                let _ = link::serve(&shared, client, &server);
            });
        }
    }
}
