//! Remembers which compiler built the bench, for its machine line.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok();
    let version = version.and_then(|it| String::from_utf8(it.stdout).ok()).unwrap_or_default();
    // `rustc 1.95.0 (hash date)`: the number says enough.
    let number = version.split(' ').nth(1).unwrap_or("of an unknown version");
    println!("cargo::rustc-env=JOB_LAB_RUSTC={number}");
}
