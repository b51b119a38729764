//! Access tokens: short-lived signed JWTs that name a user and a session (RFC 9068).
//!
//! Knows claims and keys. Does not know HTTP, SQL, the clock or the blocklist. Every rule of section 5 of the contract
//! is stated in [`TokenRules::verify`]; jsonwebtoken's defaults are wider (it looks at neither `typ` nor `iat`, forgives
//! 60 s, lets `exp == now` pass), so that it signs here and verifies only in the specs, as a second opinion.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jsonwebtoken::Header;

use super::accepted_token::AcceptedToken;
use super::additional_claims::AdditionalClaims;
use super::claims::{ACCESS, Claims, False, Fresh};
use super::compact_jws::{CompactJws, HeaderBuffer, parse_object};
use super::crypto;
use super::ids::{SessionId, TokenId, UserId};
use super::key_ring::KeyRing;
use super::refused::{Check, TokenRefused};
use super::session::Session;
use super::unix_time::UnixTime;
use super::user::User;

/// The media type in the header, which no other kind of token has (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// How long any token may live, whatever was ever configured.
pub const LONGEST_LIFETIME: Duration = Duration::from_hours(1);

/// Whether the clock is asked. Of a token that is to end something it is not: the clock may be wrong, and a token that
/// has expired by it, or has not begun, would be accepted once it is set right. All else wants a token that is good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Judged,
    Forgiven,
}

/// A token that was just signed. No `Debug`: whoever reads it is signed in.
pub struct Issued {
    pub text: String,
    pub expires_at: UnixTime,
}

/// Everything but the keys that issuing and verifying must agree on.
pub struct TokenRules {
    pub issuer: String,
    pub audience: String,
    /// The claim `client_id` of the tokens that are issued. Not demanded: a token keeps what it was issued with.
    pub client_id: Option<String>,
    pub lifetime: Duration,
    /// How long after a password was typed a token counts as fresh.
    pub fresh_for: Duration,
    /// How far two clocks may differ.
    pub leeway: Duration,
    /// What the operator adds to every token.
    pub additional: AdditionalClaims,
}

impl TokenRules {
    /// Signs a token of a session with the active key. It carries the session's additional claims besides those of the
    /// operator, is fresh as long as the password of the session was typed not long ago, and never outlives the session.
    ///
    /// # Errors
    /// Only if the signing library fails, which it does not for a key of the ring.
    pub fn issue(
        &self,
        ring: &KeyRing,
        user: &User,
        session: &Session,
        token_id: TokenId,
        now: UnixTime,
    ) -> Result<Issued, jsonwebtoken::errors::Error> {
        let additional = self.additional.and(&session.additional);
        let expires_at = self.expiry(session, now);
        let fresh_until = session.started_at.plus(self.fresh_for);
        let claims = Claims {
            iss: Cow::Borrowed(&self.issuer),
            aud: Cow::Borrowed(&self.audience),
            sub: user.id.to_string().into(),
            username: Cow::Borrowed(user.username.as_str()),
            client_id: self.client_id.as_deref().map(Cow::Borrowed),
            sid: session.id.to_string().into(),
            jti: token_id.to_string().into(),
            iat: now,
            nbf: now,
            exp: expires_at,
            kind: ACCESS.into(),
            fresh: if now < fresh_until { Fresh::Until(fresh_until) } else { Fresh::Never(False) },
            roles: additional.with_roles_of(user.roles.names()),
            additional: additional.members().clone(),
        };
        let key = ring.active();
        let mut header = Header::new(key.algorithm.of_library());
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id.clone());
        let text = crypto::sign(&header, &claims, key.encoding())?;
        Ok(Issued { text, expires_at })
    }

    /// When a token of this session expires that is issued now.
    #[must_use]
    pub fn expiry(&self, session: &Session, now: UnixTime) -> UnixTime {
        now.plus(self.lifetime).min(session.expires_at)
    }

    /// Demands everything that contract section 5 demands of a token, in order of cost: a stranger's text never gets
    /// as far as JSON that is long, or claims that are not signed. Revocation is judged by `flows::authenticate`.
    ///
    /// A token that passed before is not taken apart again: the ring remembers it, as long as its key verifies. What
    /// the clock can change is judged every time.
    ///
    /// # Errors
    /// [`TokenRefused`] with the first check that failed; [`Check::Expiry`] comes last.
    pub fn verify(
        &self,
        ring: &KeyRing,
        text: &str,
        now: UnixTime,
        expiry: Expiry,
    ) -> Result<Arc<AcceptedToken>, TokenRefused> {
        // Retired keys stop by the clock too. At the beginning of time all of the ring verify.
        let by = match expiry {
            Expiry::Judged => now,
            Expiry::Forgiven => UnixTime(i64::MIN),
        };
        if let Some(token) = ring.seen(text, by) {
            self.check_times(&token, now, expiry)?;
            return Ok(token);
        }

        let jws = CompactJws::parse(text)?;
        let mut buffer = HeaderBuffer::default();
        let header = jws.header(&mut buffer)?;
        if header.typ != Some(TYPE) {
            return Err(Check::Type.into());
        }
        // The key decides the algorithm; the token's header never does.
        let key = header.kid.and_then(|id| ring.find(id, by)).ok_or(Check::KeyId)?;
        if header.alg != key.verification.algorithm.name() {
            return Err(Check::Algorithm.into());
        }
        jws.check_signature(&key.verification)?;

        let payload = jws.payload()?;
        let claims: Claims = parse_object(&payload).ok_or(Check::Claims)?;
        let token = Arc::new(self.check_claims(claims)?);
        self.check_times(&token, now, expiry)?;
        ring.remember(text, &token, key);
        Ok(token)
    }

    /// What of the claims never changes.
    fn check_claims(&self, claims: Claims) -> Result<AcceptedToken, Check> {
        let token = AcceptedToken {
            user_id: UserId::parse(&claims.sub).map_err(|_| Check::Claims)?,
            session_id: SessionId::parse(&claims.sid).map_err(|_| Check::Claims)?,
            token_id: TokenId::parse(&claims.jti).map_err(|_| Check::Claims)?,
            username: claims.username.into_owned(),
            client_id: claims.client_id.map(Cow::into_owned),
            roles: claims.roles,
            issued_at: claims.iat,
            not_before: claims.nbf,
            expires_at: claims.exp,
            fresh_until: match claims.fresh {
                Fresh::Until(time) => Some(time),
                Fresh::Never(_) => None,
            },
            additional: claims.additional,
            used: OnceLock::new(),
        };
        if claims.kind != ACCESS {
            return Err(Check::Kind);
        }
        if claims.iss != self.issuer {
            return Err(Check::Issuer);
        }
        if claims.aud != self.audience {
            return Err(Check::Audience);
        }
        // Shorter than configured is right: the setting may have been raised since.
        let lifetime =
            token.expires_at.0.checked_sub(token.issued_at.0).and_then(|seconds| u64::try_from(seconds).ok());
        if !lifetime.is_some_and(|seconds| (1..=self.lifetime.as_secs()).contains(&seconds)) {
            return Err(Check::Lifetime);
        }
        Ok(token)
    }

    fn check_times(&self, token: &AcceptedToken, now: UnixTime, expiry: Expiry) -> Result<(), Check> {
        if expiry == Expiry::Forgiven {
            return Ok(());
        }
        let latest = now.plus(self.leeway);
        if token.not_before > latest || token.issued_at > latest {
            return Err(Check::Begun);
        }
        // "On or after": at the very second of `exp` it is over (RFC 7519, section 4.1.4).
        if now >= token.expires_at.plus(self.leeway) {
            return Err(Check::Expiry);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
