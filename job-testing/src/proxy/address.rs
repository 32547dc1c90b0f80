//! Where a URL leads, and the same URL by another way.

use std::{io, net::SocketAddr};

/// The host and port that a URL names.
pub(super) fn of(url: &str) -> io::Result<String> {
    let host = &url[host(url)];
    if host.is_empty() || host.starts_with('%') {
        let refused =
            "the proxy needs a URL with a host that is reached by TCP: postgres://USER@HOST:PORT/DATABASE";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, refused));
    }
    let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|it| it.is_ascii_digit()));
    Ok(if port.is_some() { host.to_owned() } else { format!("{host}:5432") })
}

/// `url`, leading to `address`.
pub(super) fn moved(url: &str, address: SocketAddr) -> String {
    let host = host(url);
    format!("{}{address}{}", &url[..host.start], &url[host.end..])
}

/// Where the host and port are in a URL.
fn host(url: &str) -> std::ops::Range<usize> {
    let start = url.find("://").map_or(0, |it| it + 3);
    let end = url[start..].find(['/', '?']).map_or(url.len(), |it| start + it);
    let start = url[start..end].rfind('@').map_or(start, |it| start + it + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_elsewhere_with_all_else_kept() {
        let here = "127.0.0.1:9".parse().unwrap();
        for (url, server, through) in [
            ("postgres://u@h:5433/db?x=1", "h:5433", "postgres://u@127.0.0.1:9/db?x=1"),
            ("postgres://u:p@s@h/db", "h:5432", "postgres://u:p@s@127.0.0.1:9/db"),
            ("postgres://[::1]:7?x=a@b/c", "[::1]:7", "postgres://127.0.0.1:9?x=a@b/c"),
            ("postgres://[::1]", "[::1]:5432", "postgres://127.0.0.1:9"),
        ] {
            assert_eq!((of(url).unwrap().as_str(), moved(url, here).as_str()), (server, through));
        }
        assert!(of("postgres:///db").is_err());
        assert!(of("postgres://%2Frun%2Fpostgresql/db").is_err());
    }
}
