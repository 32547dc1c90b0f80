//! One connection through the proxy: a thread for what the client says, and one for the answers.

use super::{
    Shared,
    cut::Side,
    message::{Message, Messages},
    talk::{Fate, Talk},
};
use parking_lot::Mutex;
use std::{
    io::{self, Read, Write as _},
    net::{Shutdown, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

/// Requests that stand in the place of a greeting: to encrypt, by either of two ways, and to cancel a query.
const ENCRYPT: [u32; 2] = [80_877_103, 80_877_104];
const CANCEL: u32 = 80_877_102;

/// Both ends of a connection.
#[derive(Debug)]
pub(super) struct Link {
    client: TcpStream,
    server: TcpStream,
    talk: Mutex<Talk>,
    cut: AtomicBool,
    forgotten: AtomicBool,
}

/// Passes on what a new client and the server have to say to each other, until one of them is gone.
pub(super) fn serve(shared: &Arc<Shared>, mut client: TcpStream, server: &str) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut messages = Messages::default();
    let Some(greeting) = greeting(&mut client, &mut messages)? else { return Ok(()) };
    let mut server = TcpStream::connect(server)?;
    server.set_nodelay(true)?;
    server.write_all(&greeting.bytes)?;
    if greeting.code() == CANCEL {
        // The server closes when it has done so.
        return io::copy(&mut server, &mut client).map(drop);
    }
    let mut talk = Talk::default();
    talk.asks(&greeting, None);
    let link = Arc::new(Link {
        client,
        server,
        talk: Mutex::new(talk),
        cut: <_>::default(),
        forgotten: <_>::default(),
    });
    let answering = {
        let (shared, link) = (shared.clone(), link.clone());
        thread::Builder::new().name("proxy-answers".to_owned()).spawn(move || {
            let _ = link.answer(&shared);
            link.cut();
        })?
    };
    let mut state = shared.state.lock();
    if state.ended {
        link.cut();
    }
    state.links.push(link.clone());
    drop(state);
    let asked = link.ask(shared, messages);
    link.cut();
    let _ = answering.join();
    shared.state.lock().links.retain(|it| !Arc::ptr_eq(it, &link));
    asked
}

/// The first message that is not about encryption, which this proxy has not.
fn greeting(client: &mut TcpStream, messages: &mut Messages) -> io::Result<Option<Message>> {
    let mut buffer = [0; 1024];
    loop {
        match messages.next(false) {
            Some(request) if ENCRYPT.contains(&request.code()) => client.write_all(b"N")?,
            Some(greeting) => return Ok(Some(greeting)),
            None => {
                let read = client.read(&mut buffer)?;
                if read == 0 {
                    return Ok(None);
                }
                messages.extend(&buffer[..read]);
            }
        }
    }
}

impl Link {
    /// Ends both connections; the server is told nothing but that.
    pub(super) fn cut(&self) {
        self.cut.store(true, SeqCst);
        for stream in [&self.client, &self.server] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(SeqCst)
    }

    /// Passes nothing on any more.
    pub(super) fn forget(&self) {
        self.forgotten.store(true, SeqCst);
    }

    pub(super) fn is_forgotten(&self) -> bool {
        self.forgotten.load(SeqCst)
    }

    /// Passes on what the client says; `messages` holds what came with its greeting.
    fn ask(&self, shared: &Shared, mut messages: Messages) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let (mut passed, mut ends) = (Vec::new(), false);
            while let Some(message) = messages.next(true) {
                let cut = self.counted(shared, &message);
                ends = cut == Some(Side::Before);
                if ends {
                    break;
                }
                self.talk.lock().asks(&message, cut);
                passed.extend_from_slice(&message.bytes);
            }
            if !shared.passes(self) {
                return Ok(());
            }
            (&self.server).write_all(&passed)?;
            if ends {
                return Ok(());
            }
            let read = (&self.client).read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            messages.extend(&buffer[..read]);
        }
    }

    /// Counts a message of the client's, and says whether it is the one that an armed cut waits for.
    fn counted(&self, shared: &Shared, message: &Message) -> Option<Side> {
        let writes = self.talk.lock().writes(message);
        let mut state = shared.state.lock();
        state.counts.saw(message.kind.unwrap_or_default());
        let cut = state.armed.as_mut()?;
        if !cut.comes(writes?) {
            return None;
        }
        state.armed.take().map(|it| it.side)
    }

    /// Passes on what the server says.
    fn answer(&self, shared: &Shared) -> io::Result<()> {
        let (mut messages, mut buffer) = (Messages::default(), vec![0; 1 << 16]);
        loop {
            let read = (&self.server).read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            messages.extend(&buffer[..read]);
            let (mut passed, mut ends) = (Vec::new(), false);
            while let Some(message) = messages.next(true).filter(|_| !ends) {
                match self.talk.lock().answers(&message) {
                    Fate::Passes => passed.extend_from_slice(&message.bytes),
                    Fate::Vanishes => {}
                    Fate::EndsAll => ends = true,
                }
            }
            if !shared.passes(self) {
                return Ok(());
            }
            (&self.client).write_all(&passed)?;
            if ends {
                return Ok(());
            }
        }
    }
}
