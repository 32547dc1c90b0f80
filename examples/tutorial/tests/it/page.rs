//! docs/tutorial.md, held to the files that it quotes and to what its commands say.

use crate::program::Folder;
use std::{fs, path::Path};

/// A block of the page.
struct Block {
    /// Where it begins.
    line: usize,
    language: String,
    /// The file that the last link before it leads to, if there was one since the last block.
    file: Option<String>,
    text: String,
}

fn blocks() -> Vec<Block> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial.md");
    let page = fs::read_to_string(page).unwrap();
    let (mut blocks, mut file, mut open): (Vec<Block>, _, Option<Block>) = (Vec::new(), None, None);
    for (number, line) in (1..).zip(page.lines()) {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(language)) => {
                let (language, file) = (language.to_owned(), file.take());
                open = Some(Block { line: number, language, file, text: String::new() });
            }
            (None, None) => file = linked(line).or(file),
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
        }
    }
    blocks
}

/// The file of this crate that the last link of `line` leads to.
fn linked(line: &str) -> Option<String> {
    let (_, rest) = line.rsplit_once("](../examples/tutorial/")?;
    Some(rest.split_once(')')?.0.to_owned())
}

#[test]
fn what_the_tutorial_quotes_stands_in_the_files_that_it_names() {
    let mut quoted = 0;
    for block in blocks().iter().filter(|it| it.language != "console") {
        let Block { line, file, text, .. } = block;
        let file = file.as_ref().unwrap_or_else(|| panic!("line {line}: no link says which file this is of"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("line {line}: {file}: {error}"));
        // A part begins and ends with a line of the file.
        assert!(
            format!("\n{source}").contains(&format!("\n{text}")),
            "line {line}: this does not stand in {file}:\n{text}"
        );
        quoted += 1;
    }
    assert!(quoted >= 8, "the page has only {quoted} blocks of code");
}

/// Whether `said` is what the page shows; `…` there stands for anything in a line.
fn shows(shown: &str, said: &str) -> bool {
    let (shown, said): (Vec<&str>, Vec<&str>) = (shown.lines().collect(), said.lines().collect());
    shown.len() == said.len() && shown.iter().zip(&said).all(|(shown, said)| line_shows(shown, said))
}

fn line_shows(shown: &str, said: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| said.strip_prefix(first)) else { return false };
    let mut open = false;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        open = part.is_empty();
    }
    open || rest.is_empty()
}

/// Types all that the page types, and compares.
fn follow(folder: &Folder) {
    let mut typed = 0;
    for block in blocks().iter().filter(|it| it.language == "console") {
        let calls =
            block.text.strip_prefix("$ ").unwrap_or_else(|| panic!("line {}: no command", block.line));
        for call in calls.split("\n$ ") {
            let (command, shown) = call.split_once('\n').unwrap_or((call, ""));
            let output = folder.shell(&format!("{{ {command}; }} 2>&1"));
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(shows(shown, &said), "line {}: `{command}` said\n{said}\nand not\n{shown}", block.line);
            typed += 1;
        }
    }
    assert!(typed >= 5, "the page has only {typed} commands");
}

#[test]
fn whoever_follows_the_tutorial_sees_what_it_shows_on_sqlite() {
    follow(&Folder::on_sqlite());
}

#[test]
fn whoever_follows_the_tutorial_sees_what_it_shows_on_postgres() {
    if let Some(folder) = Folder::on_postgres() {
        follow(&folder);
    }
}

#[test]
fn an_ellipsis_stands_for_anything_in_its_line_and_for_nothing_else() {
    assert!(shows("job … is (attempt 1).\n", "job 0123 is (attempt 1).\n"));
    assert!(shows("job …\n", "job 0123 is\n"));
    assert!(!shows("job … is\n", "job 0123 is not\n"));
    assert!(!shows("job\n", "job\njob\n"));
    assert!(!shows("a …\n", "b c\n"));
}
