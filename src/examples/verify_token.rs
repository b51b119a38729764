//! Verifies access tokens as another service does: with the JWKS of a running server, and with libraries only.
//!
//! `verify_token https://id.example.org` reads tokens from standard input, one on each line, and prints the user of each.
//! `docs/verifying-elsewhere.md` shows a part of this file; `make interop` compares the two and runs this. The optional
//! second address is the place of the JWKS, if it is not the issuer.

#![expect(clippy::disallowed_methods, reason = "another service has only jsonwebtoken, and sets stricter options")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

type Failure = Box<dyn std::error::Error>;

/// The claims that this service needs. It rejects a token without one of them.
#[derive(serde::Deserialize)]
struct Claims {
    username: String,
    sid: String,
    jti: String,
}

fn verify(keys: &mut Keys, issuer: &str, token: &str) -> Result<Claims, Failure> {
    let id = decode_header(token)?.kid.ok_or("the token has no key id")?;
    let key = keys.find(&id)?;
    // The key's algorithm, never the one in the token's header.
    let algorithm = Algorithm::try_from(key.common.key_algorithm.ok_or("the key has no algorithm")?)?;
    let mut demanded = Validation::new(algorithm);
    demanded.leeway = 0;
    demanded.reject_tokens_expiring_in_less_than = 1; // expired at the second of `exp`
    demanded.validate_nbf = true;
    demanded.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    demanded.set_issuer(&[issuer]);
    demanded.set_audience(&["handstamp"]);
    let token = decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &demanded)?;
    match token.header.typ.as_deref() {
        Some("at+jwt") => Ok(token.claims),
        _ => Err("not an access token".into()),
    }
}

/// The JWKS from the last fetch.
struct Keys {
    url: String,
    set: JwkSet,
    fetched: Instant,
}

impl Keys {
    fn fetch(url: String) -> Result<Self, Failure> {
        let text = ureq::get(&url).call()?.body_mut().read_to_string()?;
        Ok(Self { url, set: serde_json::from_str(&text)?, fetched: Instant::now() })
    }

    /// Fetches the JWKS again after 5 minutes. For an unknown id it waits 30 seconds, because anyone can send unknown ids.
    fn find(&mut self, id: &str) -> Result<&Jwk, Failure> {
        let wait = if self.set.find(id).is_some() { Duration::from_mins(5) } else { Duration::from_secs(30) };
        if self.fetched.elapsed() >= wait {
            *self = Self::fetch(self.url.clone())?;
        }
        self.set.find(id).ok_or_else(|| "the key is unknown".into())
    }
}

fn main() -> Result<(), Failure> {
    // Chosen here, and not by whichever features the dependencies turn on: with two providers the library panics.
    let provider = &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
    provider.install_default().map_err(|_| "another crypto provider is installed")?;
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().ok_or("usage: verify_token ISSUER [ORIGIN] < TOKENS")?;
    let origin = arguments.next().unwrap_or_else(|| issuer.clone());
    let mut keys = Keys::fetch(format!("{origin}/.well-known/jwks.json"))?;
    for token in std::io::stdin().lines() {
        match verify(&mut keys, &issuer, token?.trim()) {
            Ok(claims) => println!("accepted {} (session {}, token {})", claims.username, claims.sid, claims.jti),
            Err(failure) => println!("refused {failure}"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
