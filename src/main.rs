//! The binary: parses the command line and runs the command. It holds the pages' files.
//!
//! Here and not in the library: other files then cost a link, not a build of the library and the specs.

use std::process::ExitCode;

use rust_embed::Embed;

/// What `cargo leptos build` made before it built this. Without it (specs) there is nothing in here.
#[derive(Embed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

#[tokio::main]
async fn main() -> ExitCode {
    handstamp::server::cli::run(&Site).await
}
