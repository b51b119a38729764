//! `handstamp key …`: the key ring, also while a server runs on the same database.

use std::io;

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::output::{print_line, print_note};
use super::shared::{Failure, LongHelp, when};
use crate::server::config::Config;
use crate::server::domain::kept_keys::{self, KeptKey};
use crate::server::domain::key_ring::RingError;
use crate::server::flows::{self, Actor, KeysError, Shown};
use crate::server::startup::{self, KEPT_SECRET, StartupError};
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: handstamp key rotate";

/// Printed instead of `JWT_SECRET`, because refresh tokens are made from it too.
const NOT_FOR_OTHERS: &str = "this key is JWT_SECRET itself, and refresh tokens are made from it too; \
                              run `handstamp key rotate`, and share the key that signs after that";

#[derive(Subcommand)]
pub enum KeyCommand {
    /// List the keys: next (published, not yet signing), active, retired (still verifying)
    List {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Let the next key sign; the active key verifies until its last token has expired
    Rotate {
        /// Do not wait 5 minutes until other services have fetched the next key
        #[arg(long)]
        now: bool,
    },
    /// Take one key out of use; its tokens stay valid until they expire
    #[command(disable_help_flag = true)]
    Retire {
        /// The id that `handstamp key list` shows
        #[arg(required_unless_present = "all", conflicts_with = "all", allow_hyphen_values = true)]
        id: Option<String>,
        #[command(flatten)]
        long_help: LongHelp,
        /// Emergency: reject its tokens at once
        #[arg(long)]
        now: bool,
        /// Retire all keys, also those that `JWT_SECRET` can no longer decrypt; the next start makes new ones
        #[arg(long, requires = "now")]
        all: bool,
    },
    /// Print the key that another service needs to verify: the public key, or the shared secret
    #[command(disable_help_flag = true)]
    Show {
        /// The id that `handstamp key list` shows
        #[arg(allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        long_help: LongHelp,
        /// Print the secret of HS256, HS384 or HS512
        #[arg(long)]
        secret: bool,
    },
}

pub async fn run(config: Config, command: KeyCommand) -> Result<(), Failure> {
    match command {
        // These two need only the store: they work even if the secret and the settings are wrong.
        KeyCommand::List { json } => {
            let store = startup::open_store(&config).await?;
            print_list(&store.list_signing_keys().await?.1, json)?;
            store.close().await;
        }
        KeyCommand::Retire { all: true, .. } => {
            let store = startup::open_store(&config).await?;
            flows::retire_all_keys(&store).await?;
            store.close().await;
            print_line(
                "Retired all keys. Restart every server: it makes new keys and rejects all older access tokens",
            )?;
        }
        KeyCommand::Rotate { now } => {
            let state = startup::open(config, World::system()).await?;
            flows::rotate_keys(&state, now, &Actor::Operator).await.map_err(failure)?;
            let active = active(&state).await?;
            print_line(format_args!("Rotated: {active} signs; a running server follows within a second"))?;
            for stopped in flows::stopped_readers(&state).await? {
                print_note(format_args!("The key set has keys of two kinds, which stops some services: {stopped}"));
            }
            state.store.close().await;
        }
        KeyCommand::Retire { id, now, .. } => {
            let state = startup::open(config, World::system()).await?;
            retire(&state, &id.unwrap_or_default(), now).await?;
            state.store.close().await;
        }
        KeyCommand::Show { id, secret, .. } => {
            let state = startup::open(config, World::system()).await?;
            show(&state, &id, secret).await?;
            state.store.close().await;
        }
    }
    Ok(())
}

async fn retire(state: &AppState, id: &str, now: bool) -> Result<(), Failure> {
    flows::retire_key(state, id, now, &Actor::Operator).await.map_err(failure)?;
    let active = active(state).await?;
    if !now {
        print_line(format_args!("Retired {id}: its tokens are valid until they expire; {active} signs"))?;
        return Ok(());
    }
    if state.key_settings.given.as_ref().is_some_and(|given| given.id == id) {
        let renew = match state.config.jwt_secret {
            Some(_) => "set a new JWT_SECRET".to_owned(),
            None => format!("delete {}", state.config.data_dir().join(KEPT_SECRET).display()),
        };
        print_note(format_args!(
            "It is JWT_SECRET itself, and refresh tokens are made from it too: anyone who has it can still make those. \
             Stop every server, {renew}, run `handstamp key retire --all --now`, and start again"
        ));
    }
    print_line(format_args!("Retired {id}: a running server rejects its tokens within a second; {active} signs"))?;
    Ok(())
}

async fn show(state: &AppState, id: &str, secret: bool) -> Result<(), Failure> {
    match flows::show_key(state, id).await.map_err(failure)? {
        Shown::Public(jwk) => print_line(serde_json::to_string(&jwk)?)?,
        Shown::Secret(shared) if secret => print_line(shared.expose_secret())?,
        Shown::Secret(_) => return Err("this key is a secret; add --secret to print it".into()),
        Shown::Given => return Err(NOT_FOR_OTHERS.into()),
    }
    Ok(())
}

/// Returns the id of the key that signs, from the store.
async fn active(state: &AppState) -> Result<String, StoreError> {
    let keys = flows::list_keys(state).await?;
    Ok(kept_keys::active(&keys).map_or_else(|| "none".to_owned(), |key| key.id.clone()))
}

/// If the secret is a different one, uses the message of the start.
fn failure(error: KeysError) -> Failure {
    match error {
        KeysError::Ring(RingError::DoesNotOpen(_)) => StartupError::AnotherSecret.into(),
        other => other.into(),
    }
}

fn print_list(keys: &[KeptKey], json: bool) -> io::Result<()> {
    if json {
        return print_line(Value::Array(keys.iter().map(row).collect()));
    }
    for key in keys {
        let until = key.state.verifies_until();
        let until = until.map_or_else(String::new, |until| format!("  verifies until {}", when(until.0)));
        let state = key.state.name();
        print_line(format_args!(
            "{:<44} {:<6} {state:<8} made {}{until}",
            key.id,
            key.algorithm.name(),
            when(key.created_at.0)
        ))?;
    }
    Ok(())
}

fn row(key: &KeptKey) -> Value {
    json!({
        "id": key.id,
        "algorithm": key.algorithm.name(),
        "state": key.state.name(),
        "verifies_until": key.state.verifies_until().map(|until| until.0),
        "created_at": key.created_at.0,
    })
}
