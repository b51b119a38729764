//! Access tokens: short-lived signed JWTs that name a user and a session (RFC 9068).
//!
//! Knows claims and the key. Does not know HTTP, SQL, the clock or the blocklist.
//! jsonwebtoken does the cryptography; every rule of section 5 of the contract is stated in [`TokenRules::verify`],
//! as the library's defaults are wider (it looks at neither `typ` nor `iat`, forgives 60 s, lets `exp == now` pass).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Header;
use serde::Deserialize;

use super::claims::{ACCESS, Claims, Fresh};
use super::ids::{SessionId, TokenId, UserId};
use super::session::Session;
use super::signing_key::SigningKey;
use super::unix_time::UnixTime;
use super::user::User;

/// Bytes of the longest token that is looked at.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// The media type in the header, which no other kind of token has (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    #[error("the signature is not ours")]
    BadSignature,
    #[error("expired")]
    Expired,
    /// Not a token of ours, for whichever reason: saying which would only help whoever made it.
    #[error("invalid")]
    Invalid,
}

/// Whether expiry is judged. A sign-out counts although the token has expired; nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Judged,
    Forgiven,
}

/// What a verified token says, in types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    pub user_id: UserId,
    pub username: String,
    pub roles: Vec<String>,
    pub session_id: SessionId,
    pub token_id: TokenId,
    pub issued_at: UnixTime,
    pub expires_at: UnixTime,
}

/// Everything that issuing and verifying must agree on.
pub struct TokenRules {
    pub key: SigningKey,
    pub issuer: String,
    pub audience: String,
    pub lifetime: Duration,
    /// How long after a password was typed a token counts as fresh.
    pub fresh_for: Duration,
    /// How far two clocks may differ.
    pub leeway: Duration,
}

/// The header we write, and the only one we read: any other member (`crit`, `jwk`, `jku`, `x5u`, `zip`, …) is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader<'a> {
    #[serde(borrow)]
    alg: &'a str,
    #[serde(borrow)]
    typ: &'a str,
    #[serde(borrow)]
    kid: &'a str,
}

impl TokenRules {
    /// Signs a token for a session that was just started with a password.
    ///
    /// # Errors
    /// Only if the signing library fails, which it does not for a prepared HMAC key.
    pub fn issue(
        &self,
        user: &User,
        session: &Session,
        token_id: TokenId,
        now: UnixTime,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user.id.to_string(),
            username: user.username.to_string(),
            sid: session.id.to_string(),
            jti: token_id.to_string(),
            iat: now,
            nbf: now,
            exp: now.plus(self.lifetime),
            kind: ACCESS.to_owned(),
            fresh: Fresh::Until(now.plus(self.fresh_for)),
            roles: user.roles.names(),
        };
        let mut header = Header::new(self.key.algorithm);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key.id.clone());
        jsonwebtoken::encode(&header, &claims, &self.key.encoding)
    }

    /// Demands everything that contract section 5 demands of a token, in order of cost: a stranger's text never gets
    /// as far as JSON that is long, or claims that are not signed. Revocation is judged by `flows::authenticate`.
    ///
    /// # Errors
    /// [`TokenRefused`]; `Expired` only after the signature was right.
    pub fn verify(&self, token: &str, now: UnixTime, expiry: Expiry) -> Result<AccessToken, TokenRefused> {
        use TokenRefused::{BadSignature, Expired, Invalid};

        if token.len() > MAX_TOKEN_BYTES || !token.bytes().all(is_token_byte) {
            return Err(Invalid);
        }
        let mut parts = token.split('.');
        let (Some(header_part), Some(claims_part), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Invalid);
        };

        let header_json = URL_SAFE_NO_PAD.decode(header_part).map_err(|_| Invalid)?;
        let header: StrictHeader = parse_object(&header_json).ok_or(Invalid)?;
        if header.typ != TYPE || header.kid != self.key.id || header.alg != self.key.algorithm_name {
            return Err(Invalid);
        }

        let signed = &token.as_bytes()[..header_part.len() + 1 + claims_part.len()];
        let right = jsonwebtoken::crypto::verify(signature, signed, &self.key.decoding, self.key.algorithm);
        // The library's error means a signature that is not base64url: no more ours than a wrong one.
        if !right.unwrap_or(false) {
            return Err(BadSignature);
        }

        let claims_json = URL_SAFE_NO_PAD.decode(claims_part).map_err(|_| Invalid)?;
        let claims: Claims = parse_object(&claims_json).ok_or(Invalid)?;
        self.judge(claims, now, expiry).ok_or(Invalid)?.map_err(|()| Expired)
    }

    /// The claims of a token with a right signature. `None`: invalid; `Some(Err)`: expired.
    fn judge(&self, claims: Claims, now: UnixTime, expiry: Expiry) -> Option<Result<AccessToken, ()>> {
        let named = claims.kind == ACCESS && claims.iss == self.issuer && claims.aud == self.audience;
        // Shorter than configured is right: the setting may have been raised since.
        let lifetime = claims.exp.0.checked_sub(claims.iat.0)?;
        let bounded = (1..=i64::try_from(self.lifetime.as_secs()).ok()?).contains(&lifetime);
        let begun = claims.nbf <= now.plus(self.leeway) && claims.iat <= now.plus(self.leeway);
        if !(named && bounded && begun) {
            return None;
        }
        let token = AccessToken {
            user_id: UserId::parse(&claims.sub).ok()?,
            username: claims.username,
            roles: claims.roles,
            session_id: SessionId::parse(&claims.sid).ok()?,
            token_id: TokenId::parse(&claims.jti).ok()?,
            issued_at: claims.iat,
            expires_at: claims.exp,
        };
        // "On or after": at the very second of `exp` it is over (RFC 7519, section 4.1.4).
        if expiry == Expiry::Judged && now >= claims.exp.plus(self.leeway) {
            return Some(Err(()));
        }
        Some(Ok(token))
    }
}

/// A JSON object as we write it. serde would read a struct from an array too.
fn parse_object<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Option<T> {
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
