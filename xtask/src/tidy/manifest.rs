//! The dependencies that a Cargo.toml names: as much TOML as that takes, and as our manifests are written.

/// One package's name and what it depends on.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// Empty for a workspace without a package of its own.
    pub(crate) package: String,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Dependency {
    /// The package's name, also where the crate is renamed.
    pub(crate) package: String,
    /// For tests only; what a build script needs counts as needed.
    pub(crate) dev: bool,
    pub(crate) line: usize,
}

/// The table that a line stands in.
enum Table {
    Package,
    /// `[dependencies]`, also of one platform only.
    Dependencies {
        dev: bool,
    },
    /// `[dependencies.NAME]`
    Dependency,
    Other,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut table = Table::Other;
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                table = manifest.enter(header, number);
            } else if let Some((key, value)) = line.split_once('=').filter(|_| begins_with_key(line)) {
                manifest.read(&table, key.trim(), value.trim(), number);
            }
        }
        manifest
    }

    fn enter(&mut self, header: &str, line: usize) -> Table {
        if header == "package" {
            return Table::Package;
        }
        if header.starts_with("workspace.") {
            return Table::Other;
        }
        let (parent, last) = header.rsplit_once('.').unwrap_or(("", header));
        if let Some(dev) = dependency_table(last) {
            return Table::Dependencies { dev };
        }
        match dependency_table(parent.rsplit('.').next().unwrap_or_default()) {
            Some(dev) => {
                self.dependencies.push(Dependency { package: last.to_owned(), dev, line });
                Table::Dependency
            }
            None => Table::Other,
        }
    }

    fn read(&mut self, table: &Table, key: &str, value: &str, line: usize) {
        match table {
            Table::Package if key == "name" => self.package = unquoted(value).to_owned(),
            Table::Dependencies { dev } => {
                let name = key.split('.').next().unwrap_or_default();
                let renamed = value.split_once("package = ").map(|(_, rest)| unquoted(rest));
                self.dependencies.push(Dependency {
                    package: renamed.unwrap_or(name).to_owned(),
                    dev: *dev,
                    line,
                });
            }
            Table::Dependency if key == "package" => {
                if let Some(dependency) = self.dependencies.last_mut() {
                    dependency.package = unquoted(value).to_owned();
                }
            }
            _ => {}
        }
    }
}

/// Whether the table holds dependencies, and if so, whether for tests only.
fn dependency_table(name: &str) -> Option<bool> {
    match name {
        "dependencies" | "build-dependencies" => Some(false),
        "dev-dependencies" => Some(true),
        _ => None,
    }
}

/// A comment, or a later line of an array, does not.
fn begins_with_key(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

fn unquoted(value: &str) -> &str {
    value.trim_start_matches('"').split('"').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_dependency_is_read() {
        let manifest = Manifest::parse(
            r#"
[workspace.dependencies]
not-ours = "1"

[package]
name = "ours"

[features]
extra = ["a/b"]

[dependencies]
# commented = "1"
plain = "1"
short.workspace = true
table = { workspace = true, features = [
    "x",
] }
alias = { package = "renamed", version = "1" }

[dependencies.long]
version = "1"

[dev-dependencies.other]
package = "long-renamed"

[target.'cfg(unix)'.dev-dependencies]
platform = "1"

[build-dependencies]
built = "1"

[[bin]]
name = "program"
"#,
        );
        let read: Vec<(&str, bool)> =
            manifest.dependencies.iter().map(|it| (it.package.as_str(), it.dev)).collect();
        assert_eq!(manifest.package, "ours");
        assert_eq!(
            read,
            [
                ("plain", false),
                ("short", false),
                ("table", false),
                ("renamed", false),
                ("long", false),
                ("long-renamed", true),
                ("platform", true),
                ("built", false),
            ]
        );
        assert_eq!(manifest.dependencies[0].line, 13);
    }
}
