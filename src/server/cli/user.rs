//! `handstamp user …`: manages users, also while a server runs on the same database.

use std::io::{self, BufRead as _};

use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{Failure, when};
use crate::server::config::Config;
use crate::server::domain::security_event::SecurityEvent;
use crate::server::domain::user::{Roles, User};
use crate::server::flows::{self, Actor, Target};
use crate::server::startup;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: printf '%s' \"$PASSWORD\" | handstamp user add ada --password-stdin";

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a user
    Add {
        name: String,
        /// Make it an administrator
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all users
    List {
        /// For scripts
        #[arg(long)]
        json: bool,
    },
    /// Set a user's password and end all sessions of that user
    Passwd {
        name: String,
        /// Read the password from standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lock a user out and end all sessions of that user; the account stays
    Disable { name: String },
    /// Let a disabled user sign in again
    Enable { name: String },
    /// Remove a user and end all sessions of that user
    Remove { name: String },
    /// Make a user an administrator; all sessions of that user end
    Promote { name: String },
    /// Make an administrator a user like others; all sessions of that user end
    Demote { name: String },
    /// Print a link by which one person can make an account, also where sign-up is closed
    Invite,
    /// List what happened to an account, newest first
    Events {
        name: String,
        /// For scripts
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(config: Config, command: UserCommand) -> Result<(), Failure> {
    let (state, _) = startup::start(config, World::system()).await?;
    match command {
        UserCommand::Add { name, admin, password_stdin } => {
            let roles = if admin { Roles::admin() } else { Roles::default() };
            let user = flows::add_user(&state, &name, read_password(password_stdin)?, roles).await?;
            println!("Added {}", user.username);
        }
        UserCommand::List { json } => print_list(&state.store.list_users().await?, json),
        UserCommand::Passwd { name, password_stdin } => {
            let password = read_password(password_stdin)?;
            let user = flows::change_password(&state, Target::Name(&name), password, &Actor::Operator).await?;
            println!("Changed the password of {}; all sessions end within a second", user.username);
        }
        UserCommand::Disable { name } => {
            let user = flows::disable_user(&state, Target::Name(&name), &Actor::Operator).await?;
            println!("Disabled {}; all sessions end within a second", user.username);
        }
        UserCommand::Enable { name } => {
            let user = flows::enable_user(&state, Target::Name(&name), &Actor::Operator).await?;
            println!("Enabled {}", user.username);
        }
        UserCommand::Remove { name } => {
            let user = flows::remove_user(&state, Target::Name(&name), &Actor::Operator).await?;
            println!("Removed {}; all sessions end within a second", user.username);
        }
        UserCommand::Promote { name } => {
            let user = flows::set_admin(&state, Target::Name(&name), true, &Actor::Operator).await?;
            println!("{} is an administrator from the next sign-in on", user.username);
        }
        UserCommand::Demote { name } => {
            let user = flows::set_admin(&state, Target::Name(&name), false, &Actor::Operator).await?;
            println!("{} is no administrator; all sessions end within a second", user.username);
        }
        UserCommand::Invite => {
            let invitation = flows::invite(&state, &Actor::Operator).await?;
            eprintln!("Good for one account until {}:", when(invitation.expires_at.0));
            println!("{}", invitation.link.expose_secret());
        }
        UserCommand::Events { name, json } => {
            print_events(&flows::list_events_of(&state, Target::Name(&name)).await?.events, json);
        }
    }
    state.store.close().await;
    Ok(())
}

/// Never an argument: those stand in the shell's history and in the list of processes.
fn read_password(from_stdin: bool) -> Result<SecretString, Failure> {
    if from_stdin {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).into());
    }
    let password: SecretString = rpassword::prompt_password("Password: ")?.into();
    let again: SecretString = rpassword::prompt_password("Once more: ")?.into();
    if password.expose_secret() != again.expose_secret() {
        return Err("the two passwords differ; nothing was changed".into());
    }
    Ok(password)
}

fn print_list(users: &[User], json: bool) {
    if json {
        let rows = users.iter().map(|user| {
            json!({
                "id": user.id.to_string(),
                "username": user.username.as_str(),
                "roles": user.roles.names(),
                "created_at": user.created_at.0,
                "disabled_at": user.disabled_at.map(|at| at.0),
            })
        });
        println!("{}", serde_json::Value::Array(rows.collect()));
        return;
    }
    for user in users {
        let created = when(user.created_at.0);
        let disabled = if user.disabled_at.is_some() { "  disabled" } else { "" };
        println!("{:<24} {:<8} {created}{disabled}", user.username.as_str(), user.roles.to_string());
    }
}

fn print_events(events: &[SecurityEvent], json: bool) {
    if json {
        let rows = events.iter().map(|event| {
            json!({
                "at": event.at.0,
                "kind": event.kind.code(),
                "by": event.by,
                "device": event.origin.device,
                "ip": event.origin.address,
            })
        });
        println!("{}", serde_json::Value::Array(rows.collect()));
        return;
    }
    for event in events {
        let by = event.by.as_ref().map_or_else(String::new, |by| format!("  by {by}"));
        let (device, address) = (&event.origin.device, &event.origin.address);
        println!("{}  {:<22} {device:<28} {address}{by}", when(event.at.0), event.kind.code());
    }
}
