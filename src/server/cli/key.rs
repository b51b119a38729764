//! `handstamp key …`: the key ring, also while a server runs on the same database.

use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Failure, LongHelp, when};
use crate::server::config::Config;
use crate::server::domain::kept_keys::KeptKey;
use crate::server::flows::{self, FOLLOW_EVERY, Shown};
use crate::server::startup;
use crate::server::state::AppState;
use crate::server::store::Store;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: handstamp key rotate";

#[derive(Subcommand)]
pub enum KeyCommand {
    /// List the keys: next (published, not yet signing), active, retired (still verifying)
    List {
        /// For scripts
        #[arg(long)]
        json: bool,
    },
    /// The next key signs from now on; the active one verifies until its last token has expired
    Rotate {
        /// Do not wait until others who keep our JWKS for 5 minutes know the next key
        #[arg(long)]
        now: bool,
    },
    /// Take one key out of use; its tokens stay good until they expire
    #[command(disable_help_flag = true)]
    Retire {
        /// As `handstamp key list` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all", allow_hyphen_values = true)]
        id: Option<String>,
        #[command(flatten)]
        long_help: LongHelp,
        /// In an emergency: refuse its tokens at once
        #[arg(long)]
        now: bool,
        /// All keys, also such as `JWT_SECRET` does not open any more; the next start makes new ones
        #[arg(long, requires = "now")]
        all: bool,
    },
    /// Print what another service needs to verify: the public key, or the secret that you share with it
    #[command(disable_help_flag = true)]
    Show {
        /// As `handstamp key list` shows it
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
    if let KeyCommand::Retire { all: true, .. } = command {
        // Without opening the ring: it may not open.
        let store = Store::open(&config.database_url).await?;
        flows::retire_all_keys(&store).await?;
        store.close().await;
        println!("Retired all keys. Restart every server: it makes new keys, and refuses all access tokens of before");
        return Ok(());
    }
    let (state, _) = startup::start(config, World::system()).await?;
    match command {
        KeyCommand::List { json } => print_list(&flows::list_keys(&state).await?, json),
        KeyCommand::Rotate { now } => {
            flows::rotate_keys(&state, now).await?;
            followed().await;
            println!("Rotated: {} signs", state.keys.load().active().id);
        }
        KeyCommand::Retire { id, now, .. } => {
            let id = id.unwrap_or_default();
            flows::retire_key(&state, &id, now).await?;
            followed().await;
            let tokens = if now { "its tokens are refused" } else { "its tokens are good until they expire" };
            println!("Retired {id}: {tokens}; {} signs", state.keys.load().active().id);
        }
        KeyCommand::Show { id, secret, .. } => show(&state, &id, secret).await?,
    }
    state.store.close().await;
    Ok(())
}

/// Until every server that runs has taken the change over, so that what is printed is true.
async fn followed() {
    tokio::time::sleep(2 * FOLLOW_EVERY).await;
}

async fn show(state: &AppState, id: &str, secret: bool) -> Result<(), Failure> {
    match flows::show_key(state, id).await? {
        Shown::Public(jwk) => println!("{}", serde_json::to_string(&jwk)?),
        Shown::Secret(shared) if secret => println!("{}", shared.expose_secret()),
        Shown::Secret(_) => return Err("this key is a secret; add --secret to print it".into()),
        Shown::Given => return Err("this key is JWT_SECRET itself; whoever set it has it".into()),
    }
    Ok(())
}

fn print_list(keys: &[KeptKey], json: bool) {
    if json {
        println!("{}", Value::Array(keys.iter().map(row).collect()));
        return;
    }
    for key in keys {
        let until = key.state.verifies_until();
        let until = until.map_or_else(String::new, |until| format!("  verifies until {}", when(until.0)));
        let state = key.state.name();
        println!("{:<44} {:<6} {state:<8} made {}{until}", key.id, key.algorithm.name(), when(key.created_at.0));
    }
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
