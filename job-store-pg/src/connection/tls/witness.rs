//! Noticing that a handshake began, which the driver does not tell.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_postgres::{
    Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

/// Does what `M` does, and remembers whether it was asked to.
#[derive(Clone)]
pub(crate) struct Witness<M> {
    inner: M,
    began: Arc<AtomicBool>,
}

impl<M> Witness<M> {
    pub(crate) fn of(inner: M) -> Self {
        Self { inner, began: Arc::default() }
    }

    /// Whether a handshake began, on this or a clone.
    pub(crate) fn saw_one(&self) -> bool {
        self.began.load(Ordering::Relaxed)
    }
}

impl<M: MakeTlsConnect<Socket>> MakeTlsConnect<Socket> for Witness<M> {
    type Stream = M::Stream;
    type TlsConnect = Witness<M::TlsConnect>;
    type Error = M::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, M::Error> {
        Ok(Witness { inner: self.inner.make_tls_connect(host)?, began: self.began.clone() })
    }
}

impl<C: TlsConnect<Socket>> TlsConnect<Socket> for Witness<C> {
    type Stream = C::Stream;
    type Error = C::Error;
    type Future = C::Future;

    fn connect(self, socket: Socket) -> C::Future {
        self.began.store(true, Ordering::Relaxed);
        self.inner.connect(socket)
    }
}
