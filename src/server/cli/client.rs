//! `handstamp client …`: manages other services that may introspect and revoke tokens and follow the blocklist.

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::output::{print_line, print_note};
use super::shared::{Failure, when};
use crate::server::config::Config;
use crate::server::flows;
use crate::server::startup;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: handstamp client add billing";

#[derive(Subcommand)]
pub enum ClientCommand {
    /// Add a client and print its secret, once
    Add { name: String },
    /// List all clients
    List {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Remove a client; the server rejects its secret at the next request
    Remove { name: String },
}

pub async fn run(config: Config, command: ClientCommand) -> Result<(), Failure> {
    let state = startup::open(config, World::system()).await?;
    match command {
        ClientCommand::Add { name } => {
            let secret = flows::add_client(&state, &name).await?;
            print_note(format_args!("Added {name}. Its secret is shown only once:"));
            print_line(secret.expose_secret())?;
        }
        ClientCommand::List { json } => {
            let clients = state.store.list_clients().await?;
            if json {
                let rows = clients.iter();
                let rows = rows.map(|client| json!({"name": client.name.as_str(), "created_at": client.created_at.0}));
                print_line(Value::Array(rows.collect()))?;
            } else {
                for client in clients {
                    print_line(format_args!("{:<32} added {}", client.name.as_str(), when(client.created_at.0)))?;
                }
            }
        }
        ClientCommand::Remove { name } => {
            flows::remove_client(&state, &name).await?;
            print_line(format_args!("Removed {name}"))?;
        }
    }
    state.store.close().await;
    Ok(())
}
