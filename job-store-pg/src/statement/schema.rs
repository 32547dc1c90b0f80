//! The schema that the tables live in, and the statements filled in for it.

/// A schema's name.
///
/// It is quoted wherever it is used, so any name will do that leaves room for the names of roles made of it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Schema {
    name: String,
    quoted: String,
}

impl Schema {
    /// `PostgreSQL` cuts names at 63 bytes; the longest suffix of a role is `_producer`.
    const LONGEST: usize = 54;

    /// Checks the name.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if there can be no schema of this name, or its roles would have no names.
    pub(crate) fn new(name: &str) -> Result<Self, SchemaError> {
        let problem = match name {
            "" => "it is empty",
            _ if name.len() > Self::LONGEST => "it is longer than 54 bytes",
            _ if name.contains(char::is_control) => "it has a control character",
            _ if name.starts_with("pg_") => "PostgreSQL keeps names that begin with `pg_` for itself",
            _ => return Ok(Self { name: name.to_owned(), quoted: quoted(name) }),
        };
        Err(SchemaError { name: name.chars().take(Self::LONGEST).collect(), problem })
    }

    /// As it was given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `text` with `{schema}` filled in, without its comments.
    pub(crate) fn fill(&self, text: &str) -> String {
        let lines = text.lines().map(|line| line.split(" --").next().unwrap_or(line).trim_end());
        let code: Vec<&str> = lines.filter(|line| !line.trim_start().starts_with("--")).collect();
        code.join("\n").replace("{schema}", &self.quoted)
    }
}

impl Default for Schema {
    /// `jobs`.
    fn default() -> Self {
        Self { name: "jobs".to_owned(), quoted: quoted("jobs") }
    }
}

/// A name as SQL takes it literally.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The name cannot be a schema's.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{name}` cannot name the schema of a job store: {problem}; use a short name such as `jobs`")]
pub struct SchemaError {
    name: String,
    problem: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_a_name() {
        let schema = Schema::new(r#"a"; DROP TABLE job; --"#).unwrap();
        assert_eq!(schema.fill("{schema}.job"), r#""a""; DROP TABLE job; --".job"#);
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for name in ["", "pg_jobs", "a\0b", &"x".repeat(55)] {
            assert!(Schema::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn comments_are_not_sent() {
        assert_eq!(Schema::default().fill("-- why\nSELECT 1, -- what\n  2"), "SELECT 1,\n  2");
    }
}
