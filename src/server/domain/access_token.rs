//! Access tokens: short-lived signed JWTs for one user and one session (RFC 9068).
//!
//! Knows claims and keys. Does not know HTTP, SQL, the clock or the blocklist. [`TokenRules::verify`] states every rule
//! of section 5 of the contract. jsonwebtoken's defaults are less strict: it ignores `typ` and `iat`, has 60 s of
//! leeway, and accepts `exp == now`. Therefore jsonwebtoken only signs here, and verifies in the specs, as a second
//! opinion.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jsonwebtoken::Header;

use super::accepted_token::{AcceptedToken, Times};
use super::additional_claims::AdditionalClaims;
use super::claims::{ACCESS, Claims, False, Fresh};
use super::compact_jws::{CompactJws, HeaderBuffer, parse_object};
use super::crypto;
use super::ids::{SessionId, TokenId, UserId};
use super::key_ring::{KeyRing, RingKey};
use super::refused::{Check, TokenRefused};
use super::session::Session;
use super::unix_time::UnixTime;
use super::user::User;

/// The media type in the header. No other kind of token has it (RFC 9068, section 2.1).
pub(super) const TYPE: &str = "at+jwt";

/// The longest lifetime of a token that any configuration allows.
pub const LONGEST_LIFETIME: Duration = Duration::from_hours(1);

/// Whether to check the times of a token against the clock. A token that ends a session is not checked: the clock may
/// be wrong, and a token that looks expired or not yet valid would be accepted again after the clock is corrected.
/// Everything else needs a token that is valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Judged,
    Forgiven,
}

impl Expiry {
    /// Returns the time that decides when a retired key stops. At the beginning of time, all keys of the ring verify.
    pub(super) const fn of_keys(self, now: UnixTime) -> UnixTime {
        match self {
            Self::Judged => now,
            Self::Forgiven => UnixTime(i64::MIN),
        }
    }
}

/// A token that was just signed. No `Debug`: anyone who reads it is signed in.
pub struct Issued {
    pub text: String,
    pub expires_at: UnixTime,
}

/// The rules that issuing and verifying share, except the keys.
pub struct TokenRules {
    pub issuer: String,
    pub audience: String,
    /// The claim `client_id` of the tokens that are issued. Not demanded: a token keeps what it was issued with.
    pub client_id: Option<String>,
    pub lifetime: Duration,
    /// How long a token is fresh after the password was typed.
    pub fresh_for: Duration,
    /// The allowed difference between two clocks.
    pub leeway: Duration,
    /// Claims that the operator adds to every token.
    pub additional: AdditionalClaims,
}

impl TokenRules {
    /// Signs a token for a session with the active key. It has the additional claims of the session and of the
    /// operator. It is fresh if the password of the session was typed within `fresh_for`. It never outlives the
    /// session.
    ///
    /// # Errors
    /// If the signing library fails. It does not fail for a key of the ring.
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
            amr: session.methods,
            auth_time: Some(session.started_at),
            acr: Some(session.methods.assurance().name().into()),
            roles: additional.with_roles_of(user.roles.names()),
            additional: additional.members().clone(),
        };
        Ok(Issued { text: sign(ring, TYPE, &claims)?, expires_at })
    }

    /// Returns when a token of this session expires, if it is issued now.
    #[must_use]
    pub fn expiry(&self, session: &Session, now: UnixTime) -> UnixTime {
        now.plus(self.lifetime).min(session.expires_at)
    }

    /// Checks everything that section 5 of the contract demands of a token, cheap checks first: it never parses long
    /// JSON or unsigned claims. `flows::authenticate` checks the blocklist.
    ///
    /// A token that passed before is not parsed again: the ring remembers it as long as its key verifies. Checks that
    /// depend on the clock are made every time.
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
        if let Some(token) = ring.seen(text, expiry.of_keys(now)) {
            self.check_times(&token.times(), now, expiry)?;
            return Ok(token);
        }
        let (token, key) = read(ring, text, &[TYPE], expiry.of_keys(now), |claims, _| self.check_claims(claims))?;
        let token = Arc::new(token);
        self.check_times(&token.times(), now, expiry)?;
        ring.remember(text, &token, key);
        Ok(token)
    }

    /// Checks the claims that do not depend on the clock.
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
            methods: claims.amr,
            authenticated_at: claims.auth_time,
            additional: claims.additional,
            used: OnceLock::new(),
            account: OnceLock::new(),
        };
        self.check_origin(&claims.kind, &claims.iss)?;
        if claims.aud != self.audience {
            return Err(Check::Audience);
        }
        self.check_lifetime(&token.times())?;
        Ok(token)
    }

    /// Checks that the token is an access token of this issuer.
    pub(super) fn check_origin(&self, kind: &str, issuer: &str) -> Result<(), Check> {
        if kind != ACCESS {
            return Err(Check::Kind);
        }
        if issuer == self.issuer { Ok(()) } else { Err(Check::Issuer) }
    }

    /// Checks the lifetime. Shorter than configured is valid: the setting may have been raised since.
    pub(super) fn check_lifetime(&self, times: &Times) -> Result<(), Check> {
        let lifetime =
            times.expires_at.0.checked_sub(times.issued_at.0).and_then(|seconds| u64::try_from(seconds).ok());
        let fits = lifetime.is_some_and(|seconds| (1..=self.lifetime.as_secs()).contains(&seconds));
        if fits { Ok(()) } else { Err(Check::Lifetime) }
    }

    /// Checks the times of a token, or of a gate cookie.
    ///
    /// # Errors
    /// [`Check::Begun`], [`Check::Expiry`].
    pub fn check_times(&self, times: &Times, now: UnixTime, expiry: Expiry) -> Result<(), Check> {
        if expiry == Expiry::Forgiven {
            return Ok(());
        }
        let latest = now.plus(self.leeway);
        if times.not_before > latest || times.issued_at > latest {
            return Err(Check::Begun);
        }
        // "On or after": the token is expired at the second of `exp` (RFC 7519, section 4.1.4).
        if now >= times.expires_at.plus(self.leeway) {
            return Err(Check::Expiry);
        }
        Ok(())
    }
}

/// Signs claims with the active key.
pub(super) fn sign(ring: &KeyRing, typ: &str, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    let key = ring.active();
    let mut header = Header::new(key.algorithm.of_library());
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.id.clone());
    crypto::sign(&header, claims, key.encoding())
}

/// Checks what comes before the claims, then the signature, then reads the claims with `check`, which also gets the `typ`. `types`: the accepted ones.
/// `by`: the time that decides which keys verify.
pub(super) fn read<'r, T>(
    ring: &'r KeyRing,
    text: &str,
    types: &[&str],
    by: UnixTime,
    check: impl FnOnce(Claims, &str) -> Result<T, Check>,
) -> Result<(T, &'r RingKey), TokenRefused> {
    let jws = CompactJws::parse(text)?;
    let mut buffer = HeaderBuffer::default();
    let header = jws.header(&mut buffer)?;
    let typ = header.typ.filter(|typ| types.contains(typ)).ok_or(Check::Type)?;
    // The key decides the algorithm; the token's header never does.
    let key = header.kid.and_then(|id| ring.find(id, by)).ok_or(Check::KeyId)?;
    if header.alg != key.verification.algorithm.name() {
        return Err(Check::Algorithm.into());
    }
    jws.check_signature(&key.verification)?;

    let payload = jws.payload()?;
    let claims: Claims = parse_object(&payload).ok_or(Check::Claims)?;
    Ok((check(claims, typ)?, key))
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
