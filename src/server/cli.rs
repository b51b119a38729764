//! The command line: `handstamp` alone serves, the rest manages what it serves.

mod serve;
mod user;

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::server::config::{Config, SETTINGS, Settings};

/// Sign-in for web applications. Without a command: serve.
#[derive(Parser)]
#[command(name = "handstamp", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Add, list and remove users, set their passwords
    #[command(subcommand, after_help = user::EXAMPLE)]
    User(user::UserCommand),
}

/// Why a command did not do what it was to do: one line for standard error.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Parses the command line and runs the command. Success only when it is done.
pub async fn run() -> ExitCode {
    let matches = Cli::command().after_help(settings_help()).get_matches();
    let result = match Cli::from_arg_matches(&matches) {
        Ok(cli) => run_command(cli.command).await,
        Err(error) => error.exit(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("handstamp: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run_command(command: Option<Command>) -> Result<(), Failure> {
    let config = Config::from_settings(&Settings::gather()?)?;
    match command {
        None => serve::serve(config).await,
        Some(Command::User(command)) => user::run(config, command).await,
    }
}

/// The table of settings, under the commands.
fn settings_help() -> String {
    let mut help = String::from(
        "Example: LEPTOS_SITE_ADDR=127.0.0.1:8080 handstamp\n\n\
         Settings, from the environment or a file .env in this folder or beside the binary:\n",
    );
    for setting in &SETTINGS {
        // Cannot fail: the target is a string.
        let _ = writeln!(help, "  {:<25} {} [{}]", setting.name, setting.meaning, setting.default);
    }
    help
}
