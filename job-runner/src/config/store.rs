//! The store's URL.

use super::{ConfigError, place::Places};
use std::path::Path;
use toml::Spanned;

/// The store of who names none.
pub(crate) const DEFAULT_STORE: &str = "sqlite:jobs.sqlite3";

/// The URL, its relative path made to start at the configuration's folder.
pub(super) fn store_url(
    given: Option<&Spanned<String>>,
    folder: &Path,
    places: &Places<'_>,
) -> Result<String, ConfigError> {
    let span = given.map_or(0..0, Spanned::span);
    let url = given.map_or(DEFAULT_STORE, |it| it.get_ref().as_str());
    let Some(scheme) = scheme(url) else {
        return Err(places.mistake(&span, no_url(url)));
    };
    let rest = &url[scheme.len() + 1..];
    if scheme == "sqlite" && matches!(rest, "" | "//") {
        return Err(places.mistake(&span, format!("`{url}` names no file; write it as `{DEFAULT_STORE}`")));
    }
    // `//host/…` and absolute paths stand for themselves, and `:memory:` and an empty rest are no paths.
    if rest.is_empty() || rest.starts_with(['/', ':']) {
        return Ok(url.to_owned());
    }
    match folder.join(rest).to_str() {
        Some(path) => Ok(format!("{scheme}:{path}")),
        None => Err(places.mistake(&span, "the store's path is not Unicode; name it by `--store`")),
    }
}

/// What is wrong with a URL without a scheme. It is quoted where it can only be a path: any other may hold a password.
pub(crate) fn no_url(text: &str) -> String {
    if text.contains(['@', ':', '?']) {
        return format!(
            "a store's URL begins with its kind and a colon, as in `{DEFAULT_STORE}`; this one does not"
        );
    }
    let meant = if text.is_empty() { DEFAULT_STORE } else { &format!("sqlite:{text}") };
    format!("`{text}` is not the URL of a store; write it as `{meant}`")
}

/// What stands before the first colon of a URL; `None` if that is no URL.
pub(crate) fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let proper = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    proper.then_some(scheme)
}
