//! The proxy, between a client and a server that speak as much of the protocol as matters here.

#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

use job_testing::proxy::{Counts, Cut, Proxy, Side, Write};
use std::{
    io::{ErrorKind, Read, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// How long a test waits for what must come, and how long for what must not.
const SURELY: Duration = Duration::from_secs(10);
const NEVER: Duration = Duration::from_millis(100);

/// What the server says of a connection that ended.
const END: u8 = b'.';

/// The first message of a connection: a length, the version of the protocol, and no parameters.
const GREETING: [u8; 8] = [0, 0, 0, 8, 0, 3, 0, 0];

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// How long what follows the head of a message is.
fn length(head: [u8; 5]) -> usize {
    usize::try_from(u32::from_be_bytes(*head.last_chunk().unwrap())).unwrap() - 4
}

/// A prepared statement, executed.
fn statement() -> Vec<u8> {
    [message(b'B', b"\0\0"), message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat()
}

/// Answers every question with whether a transaction is open, and tells of the kinds of what it was sent.
fn serve(mut client: TcpStream, tell: &Sender<u8>) {
    let mut head = [0; 5];
    let _ = client.read_exact(&mut [0; GREETING.len()]);
    let _ = client.write_all(&message(b'Z', b"I"));
    let mut open = b'I';
    while client.read_exact(&mut head).is_ok() {
        let mut body = vec![0; length(head)];
        client.read_exact(&mut body).unwrap();
        let _ = tell.send(head[0]);
        open = match body.first() {
            Some(b'B') if head[0] == b'Q' => b'T',
            Some(b'C') if head[0] == b'Q' => b'I',
            _ => open,
        };
        if matches!(head[0], b'Q' | b'S') {
            let _ = client.write_all(&[message(b'C', b"done\0"), message(b'Z', &[open])].concat());
        }
    }
    let _ = tell.send(END);
}

/// A proxy in front of such a server, and what that is sent.
fn proxy() -> (Proxy, Receiver<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/db", listener.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let tell = tell.clone();
            thread::spawn(move || serve(client.unwrap(), &tell));
        }
    });
    (Proxy::before(&url).unwrap(), told)
}

fn address(proxy: &Proxy) -> &str {
    proxy.url().strip_prefix("postgres://u@").unwrap().strip_suffix("/db").unwrap()
}

struct Client(TcpStream);

impl Client {
    fn connect(proxy: &Proxy) -> Self {
        let mut client = Self(TcpStream::connect(address(proxy)).unwrap());
        client.say(&GREETING);
        client
    }

    /// One that was greeted.
    fn greeted(proxy: &Proxy) -> Self {
        let mut client = Self::connect(proxy);
        assert_eq!(client.hears(), Some(b'I'));
        client
    }

    fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// What the next answer ends with: whether a transaction is open. `None` if the connection ends instead.
    fn hears(&mut self) -> Option<u8> {
        self.0.set_read_timeout(Some(SURELY)).unwrap();
        let (mut head, mut begun) = ([0; 5], false);
        loop {
            match self.0.read_exact(&mut head) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("the connection stands still"),
                Err(_) => {
                    assert!(!begun, "the connection ends within an answer");
                    return None;
                }
                Ok(()) => begun = true,
            }
            let mut body = vec![0; length(head)];
            self.0.read_exact(&mut body).unwrap();
            if head[0] == b'Z' {
                return Some(body[0]);
            }
        }
    }

    fn hears_nothing(&mut self) {
        self.0.set_read_timeout(Some(NEVER)).unwrap();
        let silent = self.0.read(&mut [0; 1]);
        assert!(silent.is_err_and(|it| it.kind() == ErrorKind::WouldBlock));
    }
}

/// What the server was sent until a connection ended.
fn sent(told: &Receiver<u8>) -> String {
    let kinds = std::iter::from_fn(|| told.recv_timeout(SURELY).ok());
    kinds.take_while(|it| *it != END).map(char::from).collect()
}

#[test]
fn what_either_side_says_arrives_and_is_counted() {
    let (proxy, told) = proxy();
    let mut client = Client::greeted(&proxy);
    let before = proxy.counts();
    for part in statement().chunks(3) {
        client.say(part);
    }
    assert_eq!(client.hears(), Some(b'I'));
    client.say(&[message(b'P', b"\0\0\0\0"), message(b'Q', b"BEGIN\0")].concat());
    assert_eq!(client.hears(), Some(b'T'));
    let counts = proxy.counts().since(before);
    assert_eq!(counts, Counts { parse: 1, bind: 1, execute: 1, query: 1, sync: 1 });
    assert_eq!(counts.round_trips(), 2);
    assert_eq!(proxy.connections(), 1);
    drop(client);
    assert_eq!(sent(&told), "BESPQ");
}

#[test]
fn encryption_is_declined_and_the_greeting_awaited() {
    let (proxy, _told) = proxy();
    let mut client = Client(TcpStream::connect(address(&proxy)).unwrap());
    let request = [8, 80_877_103_u32].map(u32::to_be_bytes).concat();
    client.say(&request);
    let mut answer = [0];
    client.0.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"N");
    client.say(&GREETING);
    assert_eq!(client.hears(), Some(b'I'));
}

#[test]
fn a_commit_is_cut_before_or_after_the_server_heard_it() {
    for (side, heard) in [(Side::Before, "QBES"), (Side::After, "QBESQ")] {
        let (proxy, told) = proxy();
        let mut client = Client::greeted(&proxy);
        proxy.cut_at(Cut { write: Write::Transaction, side, skip: 0 });
        client.say(&message(b'Q', b"BEGIN\0"));
        assert_eq!(client.hears(), Some(b'T'));
        // This one is written by the commit, not by its own end.
        client.say(&statement());
        assert_eq!(client.hears(), Some(b'T'));
        assert!(proxy.is_armed());
        client.say(&message(b'Q', b"commit\0"));
        assert_eq!(client.hears(), None);
        assert!(!proxy.is_armed());
        assert_eq!(sent(&told), heard, "{side:?}");
    }
}

#[test]
fn the_chosen_statement_is_cut_and_no_other() {
    for (side, heard) in [(Side::Before, "BESBESBE"), (Side::After, "BESBESBES")] {
        let (proxy, told) = proxy();
        let mut clients = [Client::greeted(&proxy), Client::greeted(&proxy)];
        proxy.cut_at(Cut { write: Write::Statement, side, skip: 2 });
        // What ends nothing that was executed is no write.
        clients[0].say(&message(b'S', b""));
        assert_eq!(clients[0].hears(), Some(b'I'));
        for client in &mut clients {
            client.say(&statement());
            assert_eq!(client.hears(), Some(b'I'));
        }
        clients[1].say(&statement());
        assert_eq!(clients[1].hears(), None);
        assert_eq!(sent(&told), format!("S{heard}"), "{side:?}");
        clients[0].say(&statement());
        assert_eq!(clients[0].hears(), Some(b'I'));
    }
}

#[test]
fn connections_are_cut_refused_and_stalled() {
    let (proxy, _told) = proxy();
    let (mut cut, mut stays) = (Client::greeted(&proxy), Client::connect(&proxy));
    proxy.cut_all();
    assert_eq!(cut.hears(), None);
    drop(stays);
    stays = Client::greeted(&proxy);

    proxy.refuse(true);
    assert_eq!(Client(TcpStream::connect(address(&proxy)).unwrap()).hears(), None);
    stays.say(&statement());
    assert_eq!(stays.hears(), Some(b'I'));
    proxy.refuse(false);

    proxy.stall(true);
    stays.say(&statement());
    stays.hears_nothing();
    proxy.stall(false);
    assert_eq!(stays.hears(), Some(b'I'));

    proxy.stall(true);
    stays.say(&statement());
    proxy.cut_all();
    assert_eq!(stays.hears(), None);
}

#[test]
fn a_proxy_that_is_dropped_cuts_all_it_has() {
    let (proxy, _told) = proxy();
    let mut client = Client::greeted(&proxy);
    let address = address(&proxy).to_owned();
    drop(proxy);
    assert_eq!(client.hears(), None);
    assert!(TcpStream::connect(address).is_err());
}
