//! The command line: `handstamp` alone serves, the rest manages what it serves.

#![warn(clippy::print_stdout, clippy::print_stderr)] // they panic if the reader has gone: use `output`

mod audience;
mod client;
mod doctor;
mod factors;
mod key;
mod log_lines;
mod logging;
mod output;
mod serve;
mod session;
mod shared;
mod store;
mod token;
mod user;

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::output::{print, print_failure};
use self::shared::Failure;
use crate::server::config::{Config, SETTINGS, Settings};
use crate::server::http::routes::openapi;
use crate::server::site::Embedded;

/// Sign-in for web applications. Without a command, it starts the server.
#[derive(Parser)]
#[command(name = "handstamp", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Add, list, disable and remove users, set their passwords
    #[command(subcommand, after_help = user::EXAMPLE)]
    User(user::UserCommand),
    /// List, rotate and retire the keys that sign tokens
    #[command(subcommand, after_help = key::EXAMPLE)]
    Key(key::KeyCommand),
    /// Add, list and remove other services that may ask about tokens
    #[command(subcommand, after_help = client::EXAMPLE)]
    Client(client::ClientCommand),
    /// Add, list, show and remove other services that get tokens of their own
    #[command(subcommand, after_help = audience::EXAMPLE)]
    Audience(audience::AudienceCommand),
    /// List and end sessions
    #[command(subcommand, after_help = session::EXAMPLE)]
    Session(session::SessionCommand),
    /// Copy a store to another database, for example from SQLite to PostgreSQL
    #[command(subcommand, after_help = store::EXAMPLE)]
    Store(store::StoreCommand),
    /// Check a token with the server's own rules
    #[command(subcommand, after_help = token::EXAMPLE)]
    Token(token::TokenCommand),
    /// Check settings, files, store, clock and machine, and print what to do
    #[command(after_help = doctor::EXAMPLE)]
    Doctor(doctor::DoctorArguments),
    /// Print the description of the HTTP API (OpenAPI 3.1)
    #[command(after_help = "Example: handstamp openapi > openapi.json")]
    Openapi,
}

/// Parses the command line and runs the command. Returns success only if the command is done. `site`: the pages' files.
pub async fn run(site: Embedded) -> ExitCode {
    let matches = Cli::command().after_help(settings_help()).get_matches();
    let result = match Cli::from_arg_matches(&matches) {
        Ok(cli) => run_command(cli.command, site).await,
        Err(error) => error.exit(),
    };
    result.map_or_else(|failure| print_failure(&failure), |()| ExitCode::SUCCESS)
}

async fn run_command(command: Option<Command>, site: Embedded) -> Result<(), Failure> {
    let config = || Config::from_settings(&Settings::gather()?);
    match command {
        None => serve::serve(config()?, site).await,
        Some(Command::User(command)) => user::run(config()?, command).await,
        Some(Command::Key(command)) => key::run(config()?, command).await,
        Some(Command::Client(command)) => client::run(config()?, command).await,
        Some(Command::Audience(command)) => audience::run(config()?, command).await,
        Some(Command::Session(command)) => session::run(config()?, command).await,
        Some(Command::Store(command)) => store::run(command).await,
        Some(Command::Token(command)) => token::run(config()?, command).await,
        Some(Command::Doctor(arguments)) => doctor::run(Settings::gather()?, &arguments).await,
        Some(Command::Openapi) => Ok(print(openapi::DOCUMENT)?),
    }
}

/// Returns the table of settings, for the end of the help.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_begin_like_a_flag() {
        for id in ["-ALqjMc", "--LqjMc", "-hLqjMc", "-VLqjMc"] {
            let parsed = Cli::try_parse_from(["handstamp", "key", "retire", id, "--now"]);
            let Ok(Cli { command: Some(Command::Key(key::KeyCommand::Retire { id: read, now: true, .. })) }) = parsed
            else {
                panic!("{id} was not read");
            };
            assert_eq!(read.as_deref(), Some(id));
            assert!(Cli::try_parse_from(["handstamp", "key", "show", id, "--secret"]).is_ok(), "{id}");
            assert!(Cli::try_parse_from(["handstamp", "session", "end", id]).is_ok(), "{id}");
        }
    }
}
