//! `handstamp audience …`: manages other services that get tokens of their own (RFC 8693).

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::print_line;
use super::shared::{Failure, when};
use crate::server::config::Config;
use crate::server::domain::audience::{Audience, AudienceTexts};
use crate::server::flows;
use crate::server::startup;
use crate::server::world::World;

pub const EXAMPLE: &str = "Example: handstamp audience add dovecot --typ JWT --subject username";

#[derive(Subcommand)]
pub enum AudienceCommand {
    /// Add an audience; whoever holds an access token can then exchange it for one for NAME at /token
    Add(AddArguments),
    /// List all audiences
    List {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Show one audience
    Show {
        name: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Remove an audience: within a second nobody gets tokens for it, and introspection rejects those that were issued.
    /// Services that verify by themselves accept these until they expire
    Remove { name: String },
}

#[derive(Args)]
pub struct AddArguments {
    /// What clients send as `audience`: letters, digits, - _ .
    name: String,
    /// The claim `aud` [default: NAME]
    #[arg(long, value_name = "VALUE")]
    aud: Option<String>,
    /// The `typ` in the token's header. `JWT` for services that refuse `at+jwt` (Dovecot, hono)
    #[arg(long, value_parser = ["JWT", "at+jwt"], default_value = "at+jwt")]
    typ: String,
    /// What the claim `sub` is
    #[arg(long, value_parser = ["id", "username"], default_value = "id")]
    subject: String,
    /// The claim `client_id`, or `none` for services that take it for the user (`RabbitMQ`) [default: `JWT_CLIENT_ID`]
    #[arg(long, value_name = "VALUE|none")]
    client_id: Option<String>,
    /// Additional claims. They replace those of `ADDITIONAL_CLAIMS`, never the server's own
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// The claim `scope`: values with a space between [default: that of the access token, if it has one]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    scope: String,
    /// A role that the user must have; repeat it for more. Without it, every user gets tokens
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The longest life of a token, from 1s to 60m [default: the remaining life of the access token, which is always the most]
    #[arg(long, value_name = "5m", value_parser = humantime::parse_duration)]
    expires: Option<Duration>,
}

pub async fn run(config: Config, command: AudienceCommand) -> Result<(), Failure> {
    let state = startup::open(config, World::system()).await?;
    match command {
        AudienceCommand::Add(arguments) => {
            let audience = flows::add_audience(&state, texts(arguments)?).await?;
            print_line(format_args!("Added {}; a running server knows it within a second", audience.name))?;
        }
        AudienceCommand::List { json } => {
            let audiences = state.store.list_audiences().await?;
            if json {
                print_line(Value::Array(audiences.iter().map(row).collect()))?;
            } else {
                for audience in audiences {
                    let (aud, typ) = (&audience.aud, audience.typ.as_str());
                    print_line(format_args!("{:<32} aud {aud}  typ {typ}", audience.name.as_str()))?;
                }
            }
        }
        AudienceCommand::Show { name, json } => {
            let shown = row(&flows::get_audience(&state, &name).await?);
            if json {
                print_line(shown)?;
            } else {
                for (name, value) in shown.as_object().into_iter().flatten() {
                    print_line(format_args!("{name:<12} {}", in_words(name, value)))?;
                }
            }
        }
        AudienceCommand::Remove { name } => {
            flows::remove_audience(&state, &name).await?;
            print_line(format_args!("Removed {name}"))?;
        }
    }
    state.store.close().await;
    Ok(())
}

fn texts(arguments: AddArguments) -> Result<AudienceTexts, Failure> {
    let AddArguments { name, aud, typ, subject, client_id, claims, scope, roles, expires } = arguments;
    if let Some(bad) = roles.iter().find(|role| role.is_empty() || role.contains(char::is_whitespace)) {
        return Err(format!("--role `{bad}` is not one name; repeat --role for more").into());
    }
    let client_id = match client_id {
        Some(empty) if empty.is_empty() => return Err("--client-id is empty; use none to leave it out".into()),
        Some(none) if none == "none" => Some(String::new()),
        other => other,
    };
    let lifetime = match expires {
        None => None,
        // Zero is refused later.
        Some(expires) if expires.subsec_nanos() > 0 => Some(0),
        Some(expires) => Some(i64::try_from(expires.as_secs()).unwrap_or(i64::MAX)),
    };
    let aud = aud.unwrap_or_else(|| name.clone());
    Ok(AudienceTexts { name, aud, typ, subject, client_id, claims, scope, roles: roles.join(" "), lifetime })
}

fn row(audience: &Audience) -> Value {
    let AudienceTexts { name, aud, typ, subject, client_id, scope, lifetime, .. } = audience.to_texts();
    let claims: Value = serde_json::from_str(&audience.claims.to_json()).unwrap_or_default();
    json!({
        "name": name,
        "aud": aud,
        "typ": typ,
        "subject": subject,
        "client_id": client_id,
        "claims": claims,
        "scope": scope,
        "roles": audience.roles,
        "expires": lifetime,
        "created_at": audience.created_at.0,
    })
}

fn in_words(name: &str, value: &Value) -> String {
    match (name, value) {
        ("client_id", Value::Null) => "as JWT_CLIENT_ID".to_owned(),
        ("client_id", Value::String(none)) if none.is_empty() => "none".to_owned(),
        ("scope", Value::String(none)) if none.is_empty() => "as in the access token".to_owned(),
        ("roles", Value::Array(roles)) if roles.is_empty() => "none needed".to_owned(),
        ("expires", Value::Null) => "with the access token".to_owned(),
        ("expires", seconds) => format!("{seconds}s, and with the access token"),
        ("created_at", at) => when(at.as_i64().unwrap_or_default()),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}
