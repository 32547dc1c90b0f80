//! A worker as a service: what its supervisor is told.
#![cfg(unix)]

use crate::program::Folder;
use serde_json::json;
use std::{os::unix::net::UnixDatagram, process::Stdio, time::Duration};

const WAITING: &str = "[section.waiting]\ntypes = ['wait']\n";

/// What `systemd` would hear, one word after the other.
struct Ear(UnixDatagram);

impl Ear {
    fn at(path: &std::path::Path) -> Self {
        Self::of(UnixDatagram::bind(path).unwrap())
    }

    fn of(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(socket)
    }

    fn hears(&self) -> String {
        let mut heard = [0; 64];
        let length = self.0.recv(&mut heard).unwrap();
        String::from_utf8(heard[..length].to_vec()).unwrap()
    }
}

#[tokio::test]
async fn it_is_told_when_the_worker_is_ready_that_it_lives_and_when_it_stops() {
    let folder = Folder::with(WAITING);
    folder.enqueue("wait", json!({ "stubborn": false }), |it| it).await;
    let ear = Ear::at(&folder.path("notify"));
    let mut command = folder.command("run-jobs waiting --worker");
    command.env("NOTIFY_SOCKET", folder.path("notify")).env("WATCHDOG_USEC", "400000");
    let mut worker = folder.started(command);
    let mut heard = vec![ear.hears(), ear.hears(), ear.hears()];
    heard.sort();
    assert_eq!(heard, ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    worker.says("INFO    waiting");
    worker.signal("TERM");
    while ear.hears() != "STOPPING=1" {}
    assert_eq!(worker.ended().code, Some(0));
}

#[test]
fn it_is_told_of_no_life_where_it_does_not_watch() {
    let folder = Folder::with(WAITING);
    let ear = Ear::at(&folder.path("notify"));
    let mut command = folder.command("run-jobs waiting --worker");
    // Somebody else is watched.
    command.env("NOTIFY_SOCKET", folder.path("notify")).env("WATCHDOG_USEC", "1").env("WATCHDOG_PID", "1");
    let worker = folder.started(command);
    assert_eq!(ear.hears(), "READY=1");
    worker.signal("TERM");
    assert_eq!(ear.hears(), "STOPPING=1");
    assert_eq!(worker.ended().code, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn it_may_listen_at_an_abstract_address() {
    use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
    let folder = Folder::with(WAITING);
    let name = format!("notify-{}", std::process::id());
    let ear = Ear::of(UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap());
    let mut command = folder.command("run-jobs waiting --worker");
    command.env("NOTIFY_SOCKET", format!("@{name}"));
    let worker = folder.started(command);
    assert_eq!(ear.hears(), "READY=1");
    worker.signal("TERM");
    assert_eq!(worker.ended().code, Some(0));
}

#[test]
fn a_supervisor_that_is_gone_harms_nobody() {
    let folder = Folder::with(WAITING);
    let mut command = folder.command("run-jobs waiting");
    command.env("NOTIFY_SOCKET", folder.path("nowhere")).stdout(Stdio::null());
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    let mut command = folder.command("run-jobs waiting --worker");
    command.env("NOTIFY_SOCKET", folder.path("nowhere"));
    let mut worker = folder.started(command);
    worker.says("Working on section waiting.");
    worker.signal("TERM");
    assert_eq!(worker.ended().code, Some(0));
}
