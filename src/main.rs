//! The program: see `wirescope --help`.

use std::process::ExitCode;

/// Captures are taken apart on several threads and in many small pieces: one thread asks for memory and another gives it
/// back, which the system's allocator is slow at (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
