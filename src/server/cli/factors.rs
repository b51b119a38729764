//! `handstamp user factors …`: what a user has as second factors, and the way out for one who has lost them.

use clap::Subcommand;
use serde_json::json;

use super::output::print_line;
use super::shared::Failure;
use crate::server::domain::factors::Factors;
use crate::server::flows::{self, Actor, Target};
use crate::server::state::AppState;

#[derive(Subcommand)]
pub enum FactorsCommand {
    /// List the second factors of a user
    List {
        name: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Remove all second factors and recovery codes of a user and end all sessions of that user
    Reset { name: String },
}

pub async fn run(state: &AppState, command: FactorsCommand) -> Result<(), Failure> {
    match command {
        FactorsCommand::List { name, json } => {
            let (_, Factors { totp, passkeys, recovery_codes }) =
                flows::list_factors_of(state, Target::Name(&name)).await?;
            if json {
                let row = json!({ "totp": totp, "passkeys": passkeys, "recovery_codes": recovery_codes });
                return Ok(print_line(row)?);
            }
            print_line(format_args!("authenticator app  {}", if totp { "yes" } else { "no" }))?;
            print_line(format_args!("passkeys           {passkeys}"))?;
            print_line(format_args!("recovery codes     {recovery_codes} left"))?;
        }
        FactorsCommand::Reset { name } => {
            let user = flows::reset_factors(state, Target::Name(&name), &Actor::Operator).await?;
            let words = "Removed all second factors of {}; all sessions end within a second";
            print_line(words.replace("{}", user.username.as_str()))?;
        }
    }
    Ok(())
}
