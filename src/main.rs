//! The binary: parses the command line and runs the command.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    handstamp::server::cli::run().await
}
