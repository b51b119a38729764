//! `handstamp token inspect`: prints which check a token fails, with the server's own rules, keys and blocklist.

use std::io::{self, Read as _};

use clap::Subcommand;
use serde_json::json;

use super::output::print_line;
use super::shared::{Failure, when};
use crate::server::config::Config;
use crate::server::domain::refused::Check;
use crate::server::flows::{self, InspectError};
use crate::server::startup::{self, StartupError};
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: printf '%s' \"$TOKEN\" | handstamp token inspect";

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Read an access token from standard input and print which check it fails
    Inspect {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(config: Config, command: TokenCommand) -> Result<(), Failure> {
    let TokenCommand::Inspect { json } = command;
    let mut input = String::new();
    std::io::stdin().take(MAX_INPUT).read_to_string(&mut input)?;
    let state = startup::open(config, World::system()).await?;
    // With a secret other than the server's, all tokens would look forged.
    let (_, keys) = state.store.list_signing_keys().await?;
    state.key_settings.check_seals(&keys).map_err(|_| StartupError::AnotherSecret)?;
    let inspected = flows::inspect_token(&state, input.trim());
    state.store.close().await;
    let failed = match &inspected {
        Ok(_) => None,
        Err(InspectError::Bad(check)) => Some(*check),
        Err(InspectError::Unknown) => {
            return Err("the database answers too slowly to say whether the token is revoked; run it again".into());
        }
    };
    if json {
        print_line(json!({"accepted": failed.is_none(), "failed": failed.map(Check::demand)}))?;
    } else {
        print_checks(failed)?;
        if let Ok(token) = &inspected {
            print_line(format_args!(
                "\n{} (session {}), until {}",
                token.username,
                token.session_id,
                when(token.expires_at.0)
            ))?;
        }
    }
    match failed {
        None => Ok(()),
        Some(check) => Err(format!("the token is rejected; failed check: {}", check.demand()).into()),
    }
}

/// Bytes that are read: longer than any valid token, so that the check of the length can fail.
const MAX_INPUT: u64 = 64 * 1024;

fn print_checks(failed: Option<Check>) -> io::Result<()> {
    for check in Check::ALL {
        let verdict = match failed {
            Some(failed) if check == failed => "NO",
            Some(failed) if check > failed => "-",
            _ => "ok",
        };
        print_line(format_args!("{verdict:<3} {}", check.demand()))?;
    }
    Ok(())
}
