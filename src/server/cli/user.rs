//! `handstamp user …`: manages users, also while a server runs on the same database.

use std::io::{self, BufRead as _};

use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::factors::{self, FactorsCommand};
use super::output::{print, print_line, print_note};
use super::shared::{Failure, when};
use crate::server::config::Config;
use crate::server::domain::security_event::SecurityEvent;
use crate::server::domain::user::Roles;
use crate::server::flows::{self, Actor, Target};
use crate::server::startup;
use crate::server::state::AppState;
use crate::server::store::users::ListedUser;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: printf '%s' \"$PASSWORD\" | handstamp user add ada --password-stdin";

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a user
    Add {
        name: String,
        /// Make the user an administrator
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input instead of asking
        #[arg(long)]
        password_stdin: bool,
    },
    /// List users, how many sessions each has and when it was last used
    List {
        /// List only users with this text in the name
        #[arg(long, value_name = "PART")]
        search: Option<String>,
        /// Print JSON, for scripts
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
    /// Disable a user and end all sessions of that user; the account stays. Not the last administrator
    Disable { name: String },
    /// Let a disabled user sign in again
    Enable { name: String },
    /// Remove a user and end all sessions of that user. Not the last administrator
    Remove { name: String },
    /// Make a user an administrator; all sessions of that user end
    Promote { name: String },
    /// Make an administrator a normal user; all sessions of that user end. Not the last administrator
    Demote { name: String },
    /// Print a link with which one person can create an account, even if sign-up is closed
    Invite,
    /// List a user's second factors, or remove them if the user has lost them
    #[command(subcommand)]
    Factors(FactorsCommand),
    /// List the events of one account or of all accounts, newest first
    Events {
        /// Without a name: the events of all accounts, also of removed ones
        name: Option<String>,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(config: Config, command: UserCommand) -> Result<(), Failure> {
    let state = startup::open(config, World::system()).await?;
    match command {
        UserCommand::Add { name, admin, password_stdin } => {
            let roles = if admin { Roles::admin() } else { Roles::default() };
            let user = flows::add_user(&state, &name, read_password(password_stdin)?, roles).await?;
            print_line(format_args!("Added {}", user.username))?;
        }
        UserCommand::List { search, json } => print_users(&state, &search.unwrap_or_default(), json).await?,
        UserCommand::Passwd { name, password_stdin } => {
            let password = read_password(password_stdin)?;
            let user = flows::change_password(&state, Target::Name(&name), password, &Actor::Operator).await?;
            print_line(format_args!("Changed the password of {}; all sessions end within a second", user.username))?;
        }
        UserCommand::Disable { name } => {
            let user = flows::disable_user(&state, Target::Name(&name), &Actor::Operator).await?;
            print_line(format_args!("Disabled {}; all sessions end within a second", user.username))?;
        }
        UserCommand::Enable { name } => {
            let user = flows::enable_user(&state, Target::Name(&name), &Actor::Operator).await?;
            print_line(format_args!("Enabled {}", user.username))?;
        }
        UserCommand::Remove { name } => {
            let user = flows::remove_user(&state, Target::Name(&name), &Actor::Operator).await?;
            print_line(format_args!("Removed {}; all sessions end within a second", user.username))?;
        }
        UserCommand::Promote { name } => {
            let user = flows::set_admin(&state, Target::Name(&name), true, &Actor::Operator).await?;
            print_line(format_args!("{} is an administrator from the next sign-in on", user.username))?;
        }
        UserCommand::Demote { name } => {
            let user = flows::set_admin(&state, Target::Name(&name), false, &Actor::Operator).await?;
            print_line(format_args!(
                "{} is no longer an administrator; all sessions end within a second",
                user.username
            ))?;
        }
        UserCommand::Invite => {
            let invitation = flows::invite(&state, &Actor::Operator).await?;
            print_note(format_args!(
                "This link creates one account. It is valid until {}:",
                when(invitation.expires_at.0)
            ));
            if !state.store.has_administrator().await? {
                print_note("It works only after there is an administrator. Run: handstamp user promote NAME");
            }
            print_line(invitation.link.expose_secret())?;
        }
        UserCommand::Factors(command) => factors::run(&state, command).await?,
        UserCommand::Events { name, json } => print_events(&state, name.as_deref(), json).await?,
    }
    state.store.close().await;
    Ok(())
}

/// Reads the password. Never from an argument: the shell's history and the list of processes show arguments.
fn read_password(from_stdin: bool) -> Result<SecretString, Failure> {
    if from_stdin {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).into());
    }
    let password: SecretString = rpassword::prompt_password("Password: ")?.into();
    let again: SecretString = rpassword::prompt_password("Once more: ")?.into();
    if password.expose_secret() != again.expose_secret() {
        return Err("the two passwords differ; nothing has changed".into());
    }
    Ok(password)
}

async fn print_users(state: &AppState, search: &str, json: bool) -> Result<(), Failure> {
    let (mut list, mut after) = (List::begin(json), String::new());
    loop {
        let page = flows::list_users(state, None, search, &after).await?;
        list.print(&page.users, user_line, user_row)?;
        match page.next {
            Some(next) => after = next,
            None => return Ok(list.end()?),
        }
    }
}

async fn print_events(state: &AppState, name: Option<&str>, json: bool) -> Result<(), Failure> {
    let (mut list, mut before) = (List::begin(json), String::new());
    loop {
        let page = match name {
            Some(name) => flows::list_events_of(state, Target::Name(name), &before).await?,
            None => flows::list_events(state, &before).await?,
        };
        list.print(&page.events, |event| event_line(event, name.is_none()), event_row)?;
        match page.older {
            Some(older) => before = older,
            None => return Ok(list.end()?),
        }
    }
}

fn user_line(listed: &ListedUser) -> String {
    let ListedUser { user, sessions, last_used_at } = listed;
    let created = when(user.created_at.0);
    let used = last_used_at.map_or_else(String::new, |at| format!("  used {}", when(at.0)));
    let disabled = if user.disabled_at.is_some() { "  disabled" } else { "" };
    let (name, roles) = (user.username.as_str(), user.roles.to_string());
    format!("{name:<24} {roles:<8} {created}  sessions {sessions}{used}{disabled}")
}

fn user_row(listed: &ListedUser) -> Value {
    let ListedUser { user, sessions, last_used_at } = listed;
    json!({
        "id": user.id.to_string(),
        "username": user.username.as_str(),
        "roles": user.roles.names(),
        "created_at": user.created_at.0,
        "disabled_at": user.disabled_at.map(|at| at.0),
        "sessions": sessions,
        "last_used_at": last_used_at.map(|at| at.0),
    })
}

/// `named`: prints the name of the account too.
fn event_line(event: &SecurityEvent, named: bool) -> String {
    let whose = if named { format!("{:<24} ", event.username) } else { String::new() };
    let by = event.by.as_ref().map_or_else(String::new, |by| format!("  by {by}"));
    let (device, address) = (&event.origin.device, &event.origin.address);
    format!("{}  {whose}{:<22} {device:<28} {address}{by}", when(event.at.0), event.kind.code())
}

fn event_row(event: &SecurityEvent) -> Value {
    json!({
        "at": event.at.0,
        "kind": event.kind.code(),
        "username": event.username,
        "by": event.by,
        "device": event.origin.device,
        "ip": event.origin.address,
    })
}

/// Prints a list page by page, because it may be long: lines, or one JSON array.
struct List {
    json: bool,
    begun: bool,
}

impl List {
    const fn begin(json: bool) -> Self {
        Self { json, begun: false }
    }

    fn print<T>(&mut self, rows: &[T], line: impl Fn(&T) -> String, value: impl Fn(&T) -> Value) -> io::Result<()> {
        let mut page = String::new();
        for row in rows {
            if self.json {
                page.push(if self.begun { ',' } else { '[' });
                page.push_str(&value(row).to_string());
            } else {
                page.push_str(&line(row));
                page.push('\n');
            }
            self.begun = true;
        }
        print(page)
    }

    fn end(self) -> io::Result<()> {
        print(match self {
            Self { json: false, .. } => "",
            Self { begun: true, .. } => "]\n",
            Self { begun: false, .. } => "[]\n",
        })
    }
}
