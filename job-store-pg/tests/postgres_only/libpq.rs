//! What a user of this crate has to have installed: nothing.

use std::{env, process::Command};

#[test]
fn who_uses_no_synchronous_connection_needs_no_libpq() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let tree = ["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "--manifest-path"];
    let said = Command::new(cargo).args(tree).arg(manifest).output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("tokio-postgres"), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(!text.contains("pq-sys"), "{text}");
}
