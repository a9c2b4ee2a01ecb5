//! `flowgate init`: a new project — a flow, its rehearsal, a test script, flowgate.toml and a README. Existing files are never touched.

use std::path::{Path, PathBuf};

use super::args::Context;
use super::error::{Error, Exit};

/// What a new project consists of.
const FILES: [(&str, &str); 6] = [
    ("flows/triage.yaml", include_str!("triage.yaml")),
    ("flows/triage.rehearsal.yaml", include_str!("triage.rehearsal.yaml")),
    ("test.sh", include_str!("test.sh")),
    ("flowgate.toml", include_str!("flowgate.toml")),
    ("README.md", include_str!("README.md")),
    (".gitignore", ".flowgate/\n"),
];

/// Start a new project.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate init my-agents\n  cd my-agents && ./test.sh")]
pub struct Args {
    /// Where; created when it does not exist.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
}

/// # Errors
/// When one of the files exists already (nothing is written then), or writing fails.
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let directory = &args.directory;
    let taken: Vec<&str> = FILES.iter().map(|(name, _)| *name).filter(|name| directory.join(name).exists()).collect();
    if !taken.is_empty() {
        let names = taken.join(", ");
        return Err(Error::Failed(format!("{} has {names} already; nothing was written. Choose an empty directory.", directory.display())));
    }
    for (name, content) in FILES {
        write(&directory.join(name), content)?;
    }
    let output = context.output;
    if output.is_text() {
        output.data(&FILES.map(|(name, _)| directory.join(name).display().to_string()).join("\n"));
    } else {
        output.json(&serde_json::json!({"directory": directory, "files": FILES.map(|(name, _)| name)}));
    }
    output.note(&format!(
        "\nNext:\n  cd {}\n  ./test.sh\n  flowgate run flows/triage.yaml -p message=\"The invoice is wrong\"",
        directory.display()
    ));
    Ok(Exit::Completed)
}

fn write(path: &Path, content: &str) -> Result<(), Error> {
    let cannot = |error: std::io::Error| Error::Failed(format!("cannot write {}: {error}", path.display()));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(cannot)?;
    }
    // `create_new`: a file that appears between the check and here is not overwritten either.
    let mut file = std::fs::File::create_new(path).map_err(cannot)?;
    std::io::Write::write_all(&mut file, content.as_bytes()).map_err(cannot)?;
    make_executable(path).map_err(cannot)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if path.extension().is_some_and(|extension| extension == "sh") {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}
