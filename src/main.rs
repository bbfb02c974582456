//! The program: see `wirescope --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
