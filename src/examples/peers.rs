//! What `make bench` compares us with, written without our code: `peers limit`, `peers by-hand` and `peers argon2`.
//!
//! `limit` answers every path of the JSON object in `ANSWERS` without reading a token: no door on axum can be faster.
//! `by-hand` verifies with jsonwebtoken, looks into a set of ended sessions, and logs nothing. `argon2` hashes a password
//! as often as each line of its input says, on one thread.

#![expect(
    clippy::disallowed_methods,
    reason = "a handler that somebody else wrote has only jsonwebtoken and variables"
)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use argon2::{Algorithm as Argon2Algorithm, Argon2, Params, Version};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

type Failure = Box<dyn std::error::Error>;

/// How to judge a token, and the sessions that have ended.
struct ByHand {
    key: DecodingKey,
    validation: Validation,
    ended: HashSet<String>,
}

#[derive(serde::Deserialize)]
struct Claims {
    username: String,
    sid: String,
}

#[derive(serde::Serialize)]
struct Greeting {
    message: String,
}

async fn protected(State(by_hand): State<Arc<ByHand>>, headers: HeaderMap) -> Result<Json<Greeting>, StatusCode> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
    let token = decode::<Claims>(token, &by_hand.key, &by_hand.validation).map_err(|_| StatusCode::UNAUTHORIZED)?;
    if by_hand.ended.contains(&token.claims.sid) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(Greeting { message: format!("Hello, {}! This is a protected route.", token.claims.username) }))
}

fn by_hand() -> Result<Router, Failure> {
    let key = std::env::var("JWT_KEY")?;
    let algorithm: Algorithm = std::env::var("JWT_ALGORITHM")?.parse()?;
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[std::env::var("JWT_ISSUER")?]);
    validation.set_audience(&["handstamp"]);
    let key = match algorithm {
        Algorithm::ES256 => DecodingKey::from_ec_pem(key.as_bytes())?,
        Algorithm::EdDSA => DecodingKey::from_ed_pem(key.as_bytes())?,
        _ => DecodingKey::from_secret(key.as_bytes()),
    };
    let ended = std::fs::read_to_string(std::env::var("ENDED_SESSIONS")?)?.lines().map(str::to_owned).collect();
    Ok(Router::new().route("/protected", get(protected)).with_state(Arc::new(ByHand { key, validation, ended })))
}

fn limit() -> Result<Router, Failure> {
    let answers: HashMap<String, String> = serde_json::from_str(&std::env::var("ANSWERS")?)?;
    Ok(answers.into_iter().fold(Router::new(), |router, (path, answer)| {
        let answer: &'static str = answer.leak();
        router.route(&path, any(async move |_: Bytes| ([(CONTENT_TYPE, "application/json")], answer)))
    }))
}

fn hash() -> Result<(), Failure> {
    let argon2 = Argon2::new(Argon2Algorithm::Argon2id, Version::V0x13, Params::new(19456, 2, 1, None)?);
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    for line in std::io::stdin().lines() {
        for _ in 0..line?.parse::<u32>()? {
            argon2.hash_password_into(b"correct horse battery staple", &[7; 16], &mut output)?;
        }
        println!("hashed");
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let router = match std::env::args().nth(1).as_deref() {
        Some("limit") => limit()?,
        Some("by-hand") => by_hand()?,
        Some("argon2") => return hash(),
        _ => return Err("usage: peers limit|by-hand|argon2".into()),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listens on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
