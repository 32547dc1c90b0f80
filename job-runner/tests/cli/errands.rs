//! The program of these tests, `examples/errands.rs`, as new as its sources.

use std::{
    env::{consts::EXE_SUFFIX, current_exe},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// So that cargo builds these tests anew whenever the program is another, as it does for all else that is in both.
const _: &str = include_str!("../../examples/errands.rs");

/// Where the program is. It is an example, because it needs a store, as only tests do; so `cargo test` builds it, but
/// `cargo test --test cli` does not.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = current_exe().unwrap();
        let folder = test.ancestors().nth(2).unwrap();
        let program = folder.join("examples").join(format!("errands{EXE_SUFFIX}"));
        if !is_fresh(&program, &test) {
            build(folder);
        }
        assert!(is_fresh(&program, &test), "cargo did not build {}", program.display());
        program
    });
    &PROGRAM
}

/// Whether `program` is made of the sources that these tests are made of: none of those that cargo has listed beside it
/// was changed after it was built, and before `test` was.
fn is_fresh(program: &Path, test: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).ok();
    let (Some(built), Some(begun)) = (modified(program), modified(test)) else { return false };
    let Ok(listed) = fs::read_to_string(program.with_extension("d")) else { return false };
    let (_, sources) = listed.trim_end().split_once(": ").unwrap();
    // In that file, a space in a path has a backslash before it.
    let sources = sources.replace("\\ ", "\0");
    let mut sources = sources.split(' ').map(|it| it.replace('\0', " "));
    sources.all(|it| modified(Path::new(&it)).is_none_or(|it| it <= built || it > begun))
}

/// Builds the program into `folder`, the one of a profile.
fn build(folder: &Path) {
    let profile = match folder.file_name().and_then(|it| it.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--example", "errands", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.unwrap().success(), "the program of these tests cannot be built");
}
