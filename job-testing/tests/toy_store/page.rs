//! What `docs/writing-a-store.md` shows is what the toy does.

/// The Rust in which the toy keeps the contract.
const SOURCES: [&str; 3] = [include_str!("contract.rs"), include_str!("store.rs"), include_str!("table.rs")];

/// The lines, however deep they are indented.
fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn the_page_on_writing_a_store_quotes_the_toy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/writing-a-store.md");
    let page = std::fs::read_to_string(path).unwrap();
    let shown: Vec<_> =
        page.split("```rust,ignore\n").skip(1).map(|it| it.split_once("```").unwrap().0).collect();
    assert!(!shown.is_empty());
    for code in shown {
        // What is left out stands as a comment of three dots.
        for part in lines(code).split("// …\n") {
            assert!(SOURCES.map(lines).iter().any(|it| it.contains(part)), "not of the toy:\n{part}");
        }
    }
}
