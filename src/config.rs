//! The operator's settings file and the data directory: flags win over environment variables, those over `flowgate.toml`, that over the
//! defaults. Only what concerns the whole program is understood here; the tables about calls (`outbound`, `mcp`, `prices`, `bounds`) are
//! kept for the runner, which refuses what it does not know. No keys and no secrets stand in the file.

use std::path::{Path, PathBuf};

/// The data directory where nothing says otherwise.
const DATA_DIR_DEFAULT: &str = ".flowgate";
/// The settings file of a project, looked for in the working directory.
const FILE_DEFAULT: &str = "flowgate.toml";

/// What applies to this process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    pub data_dir: PathBuf,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// The file's other tables, for the runner.
    pub tables: toml::Table,
    /// The table `notify`, for whoever tells people of questions.
    pub notify: toml::Table,
}

/// Settings that cannot be used; says which file and what to change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the settings file {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("the settings file {} is refused: {reason}", path.display())]
    Parse { path: PathBuf, reason: String },
    #[error("the settings file {} is refused: `data_dir` must be a text, the path of a directory", path.display())]
    DataDir { path: PathBuf },
    #[error("the settings file {} is refused: `notify` must be a table", path.display())]
    Notify { path: PathBuf },
}

impl Config {
    /// What applies: the settings file (`file`, or `flowgate.toml` in the working directory, where there is one), and above it the data
    /// directory that a flag or the environment names.
    ///
    /// # Errors
    /// When a file cannot be read, or is no TOML.
    pub fn load(file: Option<&Path>, data_dir: Option<&Path>) -> Result<Self, Error> {
        let found = file.map(Path::to_path_buf).or_else(|| Some(PathBuf::from(FILE_DEFAULT)).filter(|path| path.is_file()));
        let mut config = match found {
            None => Self { data_dir: PathBuf::from(DATA_DIR_DEFAULT), ..Self::default() },
            Some(path) => {
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|error| Error::Read { path: path.clone(), reason: error.to_string() })?;
                Self::parse(&text, path)?
            }
        };
        if let Some(directory) = data_dir {
            config.data_dir = directory.to_path_buf();
        }
        Ok(config)
    }

    fn parse(text: &str, path: PathBuf) -> Result<Self, Error> {
        let parsed = text.parse::<toml::Table>();
        let mut tables = parsed.map_err(|error| Error::Parse { path: path.clone(), reason: error.to_string() })?;
        let data_dir = match tables.remove("data_dir") {
            None => PathBuf::from(DATA_DIR_DEFAULT),
            Some(toml::Value::String(directory)) => PathBuf::from(directory),
            Some(_) => return Err(Error::DataDir { path }),
        };
        let notify = match tables.remove("notify") {
            None => toml::Table::new(),
            Some(toml::Value::Table(table)) => table,
            Some(_) => return Err(Error::Notify { path }),
        };
        // Relative to the file, so that the project works from any directory.
        let data_dir = path.parent().map_or_else(|| data_dir.clone(), |parent| parent.join(&data_dir));
        Ok(Self { data_dir, file: Some(path), tables, notify })
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Error};

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(text, "project/flowgate.toml".into())
    }

    #[test]
    fn the_data_directory_is_relative_to_the_file() {
        assert_eq!(parse("data_dir = 'data'").unwrap().data_dir, std::path::Path::new("project/data"));
        assert_eq!(parse("data_dir = '/data'").unwrap().data_dir, std::path::Path::new("/data"));
        assert_eq!(parse("").unwrap().data_dir, std::path::Path::new("project/.flowgate"));
        assert!(matches!(parse("data_dir = 3"), Err(Error::DataDir { .. })));
    }

    #[test]
    fn other_tables_are_kept_for_the_runner() {
        let config = parse("data_dir = 'x'\n[outbound]\nallow = ['a']").unwrap();
        assert_eq!(config.tables.keys().collect::<Vec<_>>(), ["outbound"]);
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
        let flagged = Config::load(Some(&file), Some("from-flag".as_ref())).unwrap();
        assert_eq!(flagged.data_dir, std::path::Path::new("from-flag"));
        assert_eq!(Config::load(Some(&file), None).unwrap().data_dir, directory.path().join("from-file"));
        assert!(matches!(Config::load(Some("/no/such.toml".as_ref()), None), Err(Error::Read { .. })));
    }
}
