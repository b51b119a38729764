//! `handstamp user …`: manages users, also while a server runs on the same database.

use std::io::{self, BufRead as _};

use clap::Subcommand;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::Failure;
use crate::server::config::Config;
use crate::server::domain::user::{Roles, User};
use crate::server::flows;
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
    /// Remove a user and end all sessions of that user
    Remove { name: String },
}

pub async fn run(config: Config, command: UserCommand) -> Result<(), Failure> {
    let (state, _) = startup::start(config, World::system()).await?;
    match command {
        UserCommand::Add { name, admin, password_stdin } => {
            let roles = if admin { Roles::admin() } else { Roles::default() };
            let user = flows::add_user(&state, &name, &read_password(password_stdin)?, roles).await?;
            println!("Added {}", user.username);
        }
        UserCommand::List { json } => print_list(&state.store.list_users().await?, json),
        UserCommand::Passwd { name, password_stdin } => {
            let user = flows::change_password(&state, &name, &read_password(password_stdin)?).await?;
            println!("Changed the password of {}; all sessions end within a second", user.username);
        }
        UserCommand::Remove { name } => {
            let user = flows::remove_user(&state, &name).await?;
            println!("Removed {}; all sessions end within a second", user.username);
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
            })
        });
        println!("{}", serde_json::Value::Array(rows.collect()));
        return;
    }
    for user in users {
        let created =
            Timestamp::from_second(user.created_at.0).map_or_else(|_| "?".to_owned(), |time| time.to_string());
        println!("{:<24} {:<8} {created}", user.username.as_str(), user.roles.to_string());
    }
}
