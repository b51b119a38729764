//! The binary: parses the command line and runs the command. It contains the pages' files.
//!
//! The files are here and not in the library: a change of these files then needs only a link, not a build of the
//! library and the specs.

use std::process::ExitCode;

use rust_embed::Embed;

/// The files that `cargo leptos build` made before it built this. Empty without it (in specs).
#[derive(Embed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

#[tokio::main]
async fn main() -> ExitCode {
    handstamp::server::cli::run(&Site).await
}
