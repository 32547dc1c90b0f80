//! The code-review example.
fn main() {}
