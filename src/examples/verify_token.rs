//! Verifies access tokens as another service would: by the JWKS of a server that runs, with libraries alone.
//!
//! `verify_token https://id.example.org` reads tokens from standard input, one a line, and says whose each is. What the
//! README shows of it begins below; `make interop` compares the two and runs this. A second address is where the JWKS
//! is fetched, if that is not the issuer's own.

#![expect(clippy::disallowed_methods, reason = "another service has jsonwebtoken alone, and narrows its defaults")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

type Failure = Box<dyn std::error::Error>;

/// What this service wants to know. A token that lacks one of them is refused.
#[derive(serde::Deserialize)]
struct Claims {
    username: String,
    sid: String,
    jti: String,
}

fn verify(keys: &mut Keys, issuer: &str, token: &str) -> Result<Claims, Failure> {
    let id = decode_header(token)?.kid.ok_or("the token names no key")?;
    let key = keys.find(&id)?;
    // The algorithm of the key, never that of the token's header.
    let algorithm = Algorithm::try_from(key.common.key_algorithm.ok_or("the key has no algorithm")?)?;
    let mut demanded = Validation::new(algorithm);
    demanded.leeway = 0;
    demanded.reject_tokens_expiring_in_less_than = 1; // at the second of `exp` it is over
    demanded.validate_nbf = true;
    demanded.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    demanded.set_issuer(&[issuer]);
    demanded.set_audience(&["handstamp"]);
    let token = decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &demanded)?;
    match token.header.typ.as_deref() {
        Some("at+jwt") => Ok(token.claims),
        _ => Err("this is no access token".into()),
    }
}

/// The JWKS as it was last fetched.
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

    /// Fetches anew after 5 minutes, and for an unknown id after 30 seconds: any stranger can send those.
    fn find(&mut self, id: &str) -> Result<&Jwk, Failure> {
        let wait = if self.set.find(id).is_some() { Duration::from_mins(5) } else { Duration::from_secs(30) };
        if self.fetched.elapsed() >= wait {
            *self = Self::fetch(self.url.clone())?;
        }
        self.set.find(id).ok_or_else(|| "nobody knows the key".into())
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
