//! What several commands share.

use clap::{ArgAction, Args};
use jiff::Timestamp;

/// Why a command did not do what it was to do: one line for standard error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// `--help` without `-h`, for commands that take an id: an id may begin with `-h`.
#[derive(Args)]
pub struct LongHelp {
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
}

/// A time that people read.
pub fn when(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds).map_or_else(|_| "?".to_owned(), |time| time.to_string())
}
