//! What systemd is told of a service of `Type=notify`: that it is ready, lives, and stops.

use std::{env, time::Duration};

/// What a supervisor is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum News {
    Ready,
    Alive,
    Stopping,
}

/// The socket that systemd listens at, if it started this process and wants to be told.
#[derive(Debug)]
pub(super) struct Systemd {
    socket: socket::Socket,
    /// How long it may be silent before it is killed, if it is watched.
    pub(super) watchdog: Option<Duration>,
}

impl Systemd {
    /// `None` if there is nobody to tell.
    pub(super) fn here() -> Option<Self> {
        let address = env::var_os("NOTIFY_SOCKET").filter(|it| !it.is_empty())?;
        let number = |name| env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
        // Without a process id, it is whoever is asked.
        let mine = number("WATCHDOG_PID").is_none_or(|it| it == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|it| mine && *it > 0).map(Duration::from_micros);
        Some(Self { socket: socket::connect(&address).ok()?, watchdog })
    }

    /// Nobody fails because it is not listened to.
    pub(super) fn tell(&self, news: News) {
        socket::send(
            &self.socket,
            match news {
                News::Ready => "READY=1",
                News::Alive => "WATCHDOG=1",
                News::Stopping => "STOPPING=1",
            },
        );
    }
}

#[cfg(unix)]
mod socket {
    use std::{ffi::OsStr, io, os::unix::net::UnixDatagram, time::Duration};

    pub(super) type Socket = UnixDatagram;

    pub(super) fn connect(address: &OsStr) -> io::Result<Socket> {
        let socket = UnixDatagram::unbound()?;
        // A supervisor that does not read stops no worker.
        socket.set_write_timeout(Some(Duration::from_millis(100)))?;
        #[cfg(target_os = "linux")]
        {
            use std::os::{
                linux::net::SocketAddrExt,
                unix::{ffi::OsStrExt, net::SocketAddr},
            };
            if let Some(name) = address.as_bytes().strip_prefix(b"@") {
                socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?;
                return Ok(socket);
            }
        }
        socket.connect(address)?;
        Ok(socket)
    }

    pub(super) fn send(socket: &Socket, text: &str) {
        let _ = socket.send(text.as_bytes());
    }
}

#[cfg(not(unix))]
mod socket {
    use std::{convert::Infallible, ffi::OsStr, io};

    pub(super) type Socket = Infallible;

    pub(super) fn connect(_: &OsStr) -> io::Result<Socket> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn send(socket: &Socket, _: &str) {
        match *socket {}
    }
}
