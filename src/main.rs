//! The `flowgate` program: hands the process's arguments to `cli` and exits with what it says. Nothing else lives here.

fn main() -> std::process::ExitCode {
    flowgate::cli::main()
}
