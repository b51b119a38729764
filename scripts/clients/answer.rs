//! A service that follows the blocklist, on standard input and output: answer ISSUER CLIENT SECRET. It answers as answer.py.

use std::fs::read_to_string;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use handstamp_follower::{Follower, NotAccepted, Settings};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, stdin};
use tokio::runtime::Handle;
use tokio::time::sleep;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let mut word = || words.next().unwrap_or_default();
    let (issuer, client, secret) = (word(), word(), word());
    let follower = Follower::start(Settings::new(&issuer, client, secret))?;
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let mut words = line.splitn(3, ' ');
        let [command, token, more] = std::array::from_fn(|_| words.next().unwrap_or_default());
        let answer = match command {
            "check" => check(&follower, token).await,
            "watch" => watch(&follower, token).await?,
            "cost" => cost(&follower, token, &issuer, more).await?,
            "resident" => resident()?,
            "ready" => {
                follower.ready().await;
                "ready".into()
            }
            "stop" => {
                follower.stop().await;
                // The connections are closed by tasks of their own.
                while Handle::current().metrics().num_alive_tasks() > 0 {
                    sleep(Duration::from_millis(1)).await;
                }
                "stopped 0 left".into()
            }
            "state" => {
                json!({ "stale": follower.is_stale(), "entries": follower.entries(), "error": follower.last_error() })
                    .to_string()
            }
            _ => return Err(format!("no such command: {command}").into()),
        };
        println!("{answer}");
    }
    Ok(())
}

async fn check(follower: &Follower, token: &str) -> String {
    match follower.verify(token).await {
        Ok(claims) => format!("accepted {}", claims.username.unwrap_or_default()),
        Err(NotAccepted::Revoked) => "revoked".into(),
        Err(NotAccepted::Invalid | NotAccepted::Missing) => "invalid".into(),
        Err(NotAccepted::Unknown) => "unknown".into(),
    }
}

async fn watch(follower: &Follower, token: &str) -> Result<String, Failure> {
    let claims = token.split('.').nth(1).ok_or("no token")?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    let [sid, jti] = ["sid", "jti"].map(|name| claims[name].as_str().unwrap_or_default());
    println!("watching");
    while !follower.is_revoked(sid, jti)? {
        sleep(Duration::from_micros(500)).await;
    }
    Ok("refused".into())
}

/// Processor time of a check here, and of jsonwebtoken alone with the same demands; the rounds take turns.
async fn cost(follower: &Follower, token: &str, issuer: &str, jwk: &str) -> Result<String, Failure> {
    let (key, mut demanded) = (DecodingKey::from_jwk(&serde_json::from_str(jwk)?)?, Validation::new(Algorithm::ES256));
    demanded.set_issuer(&[issuer]);
    demanded.set_audience(&["handstamp"]);
    let (rounds, times) = (40, 50_u32);
    let mut spent = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        let began = processor_time()?;
        for _ in 0..times {
            decode_header(token)?;
            decode::<Value>(token, &key, &demanded)?;
        }
        let between = processor_time()?;
        for _ in 0..times {
            follower.verify(token).await?;
        }
        let ended = processor_time()?;
        spent[0].push((between - began) / f64::from(times));
        spent[1].push((ended - between) / f64::from(times));
    }
    let [plain, checked] = spent;
    Ok(json!({ "plain": plain, "checked": checked }).to_string())
}

/// Nanoseconds that this process spent.
fn processor_time() -> Result<f64, Failure> {
    let spent = read_to_string("/proc/self/schedstat")?;
    Ok(spent.split(' ').next().ok_or("no time")?.parse()?)
}

fn resident() -> Result<String, Failure> {
    let sizes = read_to_string("/proc/self/statm")?;
    let pages: u64 = sizes.split(' ').nth(1).ok_or("no size")?.parse()?;
    Ok((pages * 4096).to_string())
}
