//! `handstamp session …`: lists and ends sessions, also while a server runs on the same database.

use std::io;

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::print_line;
use super::shared::{Failure, LongHelp, when};
use crate::server::config::Config;
use crate::server::flows::{self, Actor, ListedSession, Target};
use crate::server::startup;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: handstamp session end --user ada";

#[derive(Subcommand)]
pub enum SessionCommand {
    /// List the live sessions of a user
    List {
        name: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// End one session, or all sessions of a user
    #[command(disable_help_flag = true)]
    End {
        /// The id that `handstamp session list` shows
        #[arg(required_unless_present = "user", conflicts_with = "user", allow_hyphen_values = true)]
        id: Option<String>,
        /// End all sessions of this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        #[command(flatten)]
        long_help: LongHelp,
    },
}

pub async fn run(config: Config, command: SessionCommand) -> Result<(), Failure> {
    let state = startup::open(config, World::system()).await?;
    match command {
        SessionCommand::List { name, json } => {
            print_list(&flows::list_sessions_of(&state, Target::Name(&name)).await?, json)?;
        }
        SessionCommand::End { user: Some(name), .. } => {
            let ended = flows::end_all_sessions(&state, Target::Name(&name), &Actor::Operator).await?;
            print_line(format_args!("Ended {ended} sessions; a running server rejects their tokens within a second"))?;
        }
        SessionCommand::End { id, .. } => {
            let id = id.unwrap_or_default();
            if !flows::end_any_session(&state, &id).await? {
                return Err(format!("there is no session {id}; see: handstamp session list NAME").into());
            }
            print_line(format_args!("Ended {id}; a running server rejects its tokens within a second"))?;
        }
    }
    state.store.close().await;
    Ok(())
}

fn print_list(sessions: &[ListedSession], json: bool) -> io::Result<()> {
    if json {
        return print_line(Value::Array(sessions.iter().map(row).collect()));
    }
    for listed in sessions {
        let (session, used) = (&listed.session, when(listed.last_used_at.0));
        let (device, address) = (&session.origin.device, &session.origin.address);
        print_line(format_args!(
            "{:<22}  {device:<28} {address:<20} since {}  used {used}",
            session.id,
            when(session.started_at.0)
        ))?;
    }
    Ok(())
}

fn row(listed: &ListedSession) -> Value {
    json!({
        "id": listed.session.id.to_string(),
        "device": listed.session.origin.device,
        "ip": listed.session.origin.address,
        "started_at": listed.session.started_at.0,
        "last_used_at": listed.last_used_at.0,
        "expires_at": listed.expires_at.0,
    })
}
