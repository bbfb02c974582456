//! The program: see `wirescope --help`.

use std::process::ExitCode;

/// Captures are taken apart on several threads and in many small pieces: one thread asks for memory and another gives it
/// back, which the system's allocator is slow at (docs/performance.md).
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::main()
}
