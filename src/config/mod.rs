//! The operator's settings: flags win over environment variables, those over `flowgate.toml`, that over the defaults, and each value
//! knows where it comes from. What concerns the whole program and the server is understood here; the tables about calls (`outbound`,
//! `mcp`, `prices`, `bounds`) and `notify` are handed on to those who read them, and refuse what they do not know. No keys and no secrets
//! stand in the file.

pub mod machine;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use server::{BODY_BYTES_MAX_DEFAULT, CreditUsd, Server};

/// The data directory where nothing says otherwise.
const DATA_DIR_DEFAULT: &str = ".flowgate";
/// The settings file of a project, looked for in the working directory.
const FILE_DEFAULT: &str = "flowgate.toml";
/// The environment variable of the data directory.
const DATA_DIR_VARIABLE: &str = "FLOWGATE_DATA_DIR";

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// What applies to this process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub data_dir: PathBuf,
    pub data_dir_origin: Origin,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// The file's other tables, for the runner.
    pub tables: toml::Table,
    /// The table `notify`, for whoever tells people of questions.
    pub notify: toml::Table,
    pub server: Server,
    /// Where the values of `server` come from, in the order in which they are shown.
    pub server_origins: Vec<(&'static str, Origin)>,
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    #[default]
    Default,
    /// The settings file.
    File,
    /// The environment variable of this name.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File => f.write_str("file"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Settings that cannot be used; says which file or variable and what to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the settings file {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("the settings file {} is refused: {reason}", path.display())]
    Parse { path: PathBuf, reason: String },
    #[error("the settings file {} is refused: `data_dir` must be a text, the path of a directory", path.display())]
    DataDir { path: PathBuf },
    #[error("the settings file {} is refused: `{table}` must be a table", path.display())]
    NoTable { path: PathBuf, table: &'static str },
    #[error("the environment variable {name} is refused: {reason}")]
    Variable { name: String, reason: String },
}

impl Config {
    /// What applies: the settings file (`file`, or `flowgate.toml` in the working directory, where there is one), above it the
    /// environment, and above that the data directory that a flag names.
    ///
    /// # Errors
    /// When a file cannot be read or is no TOML, or a value cannot be used.
    pub fn load(file: Option<&Path>, data_dir: Option<&Path>, variables: &Variables) -> Result<Self, Error> {
        let found = file.map(Path::to_path_buf).or_else(|| Some(PathBuf::from(FILE_DEFAULT)).filter(|path| path.is_file()));
        let text = match &found {
            None => String::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path);
                text.map_err(|error| Error::Read { path: path.clone(), reason: error.to_string() })?
            }
        };
        let mut config = Self::parse(&text, found, variables)?;
        if let Some(directory) = data_dir {
            // One flag and its variable have one value: what the variable says as well was most likely said there.
            let from_variable = variables.get(DATA_DIR_VARIABLE).is_some_and(|value| Path::new(value) == directory);
            config.data_dir_origin =
                if from_variable { Origin::Environment(DATA_DIR_VARIABLE.to_owned()) } else { Origin::Flag("--data-dir") };
            config.data_dir = directory.to_path_buf();
        }
        Ok(config)
    }

    fn parse(text: &str, file: Option<PathBuf>, variables: &Variables) -> Result<Self, Error> {
        let path = file.clone().unwrap_or_default();
        let parsed = text.parse::<toml::Table>();
        let mut tables = parsed.map_err(|error| Error::Parse { path: path.clone(), reason: error.to_string() })?;
        let (data_dir, data_dir_origin) = match tables.remove("data_dir") {
            None => (PathBuf::from(DATA_DIR_DEFAULT), Origin::Default),
            Some(toml::Value::String(directory)) => (PathBuf::from(directory), Origin::File),
            Some(_) => return Err(Error::DataDir { path }),
        };
        // Relative to the file, so that the project works from any directory.
        let data_dir = path.parent().map_or_else(|| data_dir.clone(), |parent| parent.join(&data_dir));
        let notify = table(&mut tables, "notify", &path)?;
        let in_file = table(&mut tables, "server", &path)?;
        let (server, server_origins) = server::layered(in_file, &path, variables)?;
        Ok(Self { data_dir, data_dir_origin, file, tables, notify, server, server_origins })
    }

    /// A value of `server` that a flag has set.
    pub fn flagged(&mut self, name: &str, flag: &'static str) {
        for (known, origin) in &mut self.server_origins {
            if *known == name {
                *origin = Origin::Flag(flag);
            }
        }
    }
}

/// Takes a table out of the file's.
fn table(tables: &mut toml::Table, name: &'static str, path: &Path) -> Result<toml::Table, Error> {
    match tables.remove(name) {
        None => Ok(toml::Table::new()),
        Some(toml::Value::Table(table)) => Ok(table),
        Some(_) => Err(Error::NoTable { path: path.to_path_buf(), table: name }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Error, Origin, Variables};

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(text, Some("project/flowgate.toml".into()), &Variables::new())
    }

    #[test]
    fn the_data_directory_is_relative_to_the_file() {
        assert_eq!(parse("data_dir = 'data'").unwrap().data_dir, std::path::Path::new("project/data"));
        assert_eq!(parse("data_dir = '/data'").unwrap().data_dir, std::path::Path::new("/data"));
        assert_eq!(parse("").unwrap().data_dir, std::path::Path::new("project/.flowgate"));
        assert!(matches!(parse("data_dir = 3"), Err(Error::DataDir { .. })));
    }

    #[test]
    fn other_tables_are_kept_for_those_who_read_them() {
        let config = parse("data_dir = 'x'\n[outbound]\nallow = ['a']\n[notify.smtp]\nhost = 'mail'").unwrap();
        assert_eq!(config.tables.keys().collect::<Vec<_>>(), ["outbound"]);
        assert_eq!(config.notify.keys().collect::<Vec<_>>(), ["smtp"]);
        assert!(matches!(parse("notify = 3"), Err(Error::NoTable { table: "notify", .. })));
    }

    #[test]
    fn a_file_that_is_no_toml_is_named() {
        let error = parse("data_dir = ").unwrap_err().to_string();
        assert!(error.contains("project/flowgate.toml"), "{error}");
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("flowgate.toml");
        std::fs::write(&file, "data_dir = 'from-file'").unwrap();
        let none = Variables::new();
        let flagged = Config::load(Some(&file), Some("from-flag".as_ref()), &none).unwrap();
        assert_eq!((flagged.data_dir.as_path(), flagged.data_dir_origin), ("from-flag".as_ref(), Origin::Flag("--data-dir")));
        let variables = Variables::from([("FLOWGATE_DATA_DIR".to_owned(), "from-variable".to_owned())]);
        let from_variable = Config::load(Some(&file), Some("from-variable".as_ref()), &variables).unwrap();
        assert_eq!(from_variable.data_dir_origin, Origin::Environment("FLOWGATE_DATA_DIR".to_owned()));
        let from_file = Config::load(Some(&file), None, &none).unwrap();
        assert_eq!((from_file.data_dir, from_file.data_dir_origin), (directory.path().join("from-file"), Origin::File));
        assert!(matches!(Config::load(Some("/no/such.toml".as_ref()), None, &none), Err(Error::Read { .. })));
    }
}
