//! Certificates for one server and its clients, by authorities that nobody else trusts, made by `openssl`.

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;

/// What a certificate is for. The server's is for `localhost` and not for its address, so that one URL finds it right
/// and another wrong.
const EXTENSIONS: &str = "\
[req]
distinguished_name = nothing
[nothing]
[authority]
basicConstraints = critical, CA:TRUE
[server]
subjectAltName = DNS:localhost
[client]
extendedKeyUsage = clientAuth
";

/// How long they are valid, in days. Their keys go with the folder, hours before.
const DAYS: &str = "2";

/// A folder with `root.crt`, the authority of `server` and `client`, and `other.crt`, that of `stranger`, who calls
/// themselves as `client` does; each but an authority's with its `.key` beside it.
#[derive(Debug)]
pub(super) struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Whether they can be made here.
    pub(super) fn can_be_made() -> bool {
        let version =
            Command::new("openssl").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|it| it.success())
    }

    /// Makes them in a new folder, as `account`, whose server must own its key.
    ///
    /// # Errors
    ///
    /// With the words of `openssl`, if it fails.
    pub(super) fn make(account: &Account, folder: PathBuf) -> Result<Self, Box<dyn Error>> {
        account.make_folder(&folder)?;
        fs::write(folder.join("extensions"), EXTENSIONS)?;
        let made = Self { folder };
        for (serial, [name, authority, common_name]) in [
            ["root", "", "The authority of the tests"],
            ["other", "", "Another authority"],
            ["server", "root", "localhost"],
            ["client", "root", "certified"],
            ["stranger", "other", "certified"],
        ]
        .into_iter()
        .enumerate()
        {
            let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
            let subject = format!("/CN={common_name}");
            let mut words = vec!["req", "-config", "extensions", "-new", "-subj", &subject, "-nodes"];
            words.extend(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", &key]);
            if authority.is_empty() {
                words.extend(["-x509", "-extensions", "authority", "-days", DAYS, "-out", &certificate]);
                made.openssl(account, &words)?;
                continue;
            }
            words.extend(["-out", "request"]);
            made.openssl(account, &words)?;
            let kind = if name == "server" { "server" } else { "client" };
            let (signer, its_key) = (format!("{authority}.crt"), format!("{authority}.key"));
            let serial = serial.to_string();
            let mut words = vec!["x509", "-req", "-in", "request", "-days", DAYS, "-set_serial", &serial];
            words.extend(["-CA", &signer, "-CAkey", &its_key, "-extfile", "extensions", "-extensions", kind]);
            words.extend(["-out", &certificate]);
            made.openssl(account, &words)?;
        }
        fs::set_permissions(made.folder.join("server.key"), Permissions::from_mode(0o600))?;
        Ok(made)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The lines of `postgresql.conf` that make a server show its own.
    pub(super) fn settings(&self) -> [String; 4] {
        let file = |setting: &str, name: &str| format!("{setting} = '{}'", self.folder.join(name).display());
        [
            "ssl = on".to_owned(),
            file("ssl_cert_file", "server.crt"),
            file("ssl_key_file", "server.key"),
            file("ssl_ca_file", "root.crt"),
        ]
    }

    fn openssl(&self, account: &Account, words: &[&str]) -> Result<(), Box<dyn Error>> {
        let output = account.command(Path::new("openssl"), &self.folder).args(words).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("openssl {} failed in {}: {}", words.join(" "), self.folder.display(), said.trim())
            .into())
    }
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    #[test]
    fn each_certificate_is_of_its_own_authority_alone() {
        if !Certificates::can_be_made() {
            return;
        }
        let folder = env::temp_dir().join(format!("xtask-certificates-{}", process::id()));
        let account = Account::choose().unwrap();
        let made = Certificates::make(&account, folder.clone()).unwrap();
        let is_of = |name: &str, authority: &str| {
            made.openssl(&account, &["verify", "-CAfile", authority, &format!("{name}.crt")]).is_ok()
        };
        for (name, right, wrong) in [
            ("server", "root.crt", "other.crt"),
            ("client", "root.crt", "other.crt"),
            ("stranger", "other.crt", "root.crt"),
        ] {
            assert!(is_of(name, right) && !is_of(name, wrong), "{name}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
