//! Access tokens for other audiences: the same user and session, in the form that the other service needs (RFC 8693).
//!
//! They are signed by the same keys as our own. Our own doors refuse them, because the audience is another one:
//! [`TokenRules::verify`] never accepts one. Introspection and revocation accept them, by [`TokenRules::verify_for_other`].

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::accepted_token::{AcceptedToken, Times};
use super::access_token::{Expiry, Issued, TYPE, TokenRules, read, sign};
use super::audience::{Audience, ClientIdClaim, HeaderType, Scope, Subject};
use super::claims::{ACCESS, Claims, False, Fresh};
use super::ids::{SessionId, TokenId, UserId};
use super::key_ring::KeyRing;
use super::methods::Methods;
use super::refused::{Check, TokenRefused};
use super::unix_time::UnixTime;

/// The user and the session that a token for another audience is for, as they were verified.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'t> {
    pub user_id: UserId,
    pub username: &'t str,
    pub roles: &'t [String],
    pub session_id: SessionId,
    pub fresh_until: Option<UnixTime>,
    pub methods: Methods,
    pub authenticated_at: Option<UnixTime>,
    pub additional: &'t Map<String, Value>,
    /// No token for another audience lives longer. The session's row in the store must know of an access token that lives
    /// as long: the blocklist keeps the end of a session until its newest token has expired.
    pub expires_at: UnixTime,
}

impl<'t> From<&'t AcceptedToken> for Holder<'t> {
    fn from(token: &'t AcceptedToken) -> Self {
        Self {
            user_id: token.user_id,
            username: &token.username,
            roles: &token.roles,
            session_id: token.session_id,
            fresh_until: token.fresh_until,
            methods: token.methods,
            authenticated_at: token.authenticated_at,
            additional: &token.additional,
            expires_at: token.expires_at,
        }
    }
}

/// What a verified token for another audience says, in types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudienceToken {
    pub audience: String,
    pub typ: HeaderType,
    /// The user's id or name, as the audience wants it.
    pub subject: String,
    pub username: String,
    pub client_id: Option<String>,
    pub roles: Vec<String>,
    pub session_id: SessionId,
    pub token_id: TokenId,
    pub times: Times,
    pub methods: Methods,
    pub authenticated_at: Option<UnixTime>,
    pub additional: Map<String, Value>,
}

impl AudienceToken {
    /// Returns whether the token is for this audience, and has its form.
    #[must_use]
    pub fn is_for(&self, audience: &Audience) -> bool {
        let subject = match audience.subject {
            Subject::Id => UserId::parse(&self.subject).is_ok(),
            Subject::Username => self.subject == self.username,
        };
        self.audience == audience.aud && self.typ == audience.typ && subject
    }
}

impl Holder<'_> {
    /// Returns the scope of the holder's token for this audience; empty if it has none, or one that is no text.
    #[must_use]
    pub fn scope_for(&self, audience: &Audience) -> Scope {
        if !audience.scope.is_empty() {
            return audience.scope.clone();
        }
        let claim = audience.claims.members().get("scope").or_else(|| self.additional.get("scope"));
        claim.and_then(Value::as_str).and_then(Scope::parse).unwrap_or_default()
    }
}

impl TokenRules {
    /// Signs a token for another audience with the active key. `scope`: that of [`Holder::scope_for`], or less. The caller
    /// has checked that the holder's time has not run out.
    ///
    /// # Errors
    /// If the signing library fails. It does not fail for a key of the ring.
    pub fn issue_for(
        &self,
        ring: &KeyRing,
        audience: &Audience,
        holder: &Holder,
        scope: &Scope,
        token_id: TokenId,
        now: UnixTime,
    ) -> Result<Issued, jsonwebtoken::errors::Error> {
        let lifetime = audience.lifetime.unwrap_or(self.lifetime).min(self.lifetime);
        let expires_at = now.plus(lifetime).min(holder.expires_at);
        let id = holder.user_id.to_string();
        let mut additional = holder.additional.clone();
        additional.extend(audience.claims.members().clone());
        if !scope.is_empty() {
            additional.insert("scope".to_owned(), scope.as_str().into());
        }
        let claims = Claims {
            iss: Cow::Borrowed(&self.issuer),
            aud: Cow::Borrowed(&audience.aud),
            sub: match audience.subject {
                Subject::Id => id.into(),
                Subject::Username => Cow::Borrowed(holder.username),
            },
            username: Cow::Borrowed(holder.username),
            client_id: match &audience.client_id {
                ClientIdClaim::OfServer => self.client_id.as_deref().map(Cow::Borrowed),
                ClientIdClaim::Absent => None,
                ClientIdClaim::Named(id) => Some(Cow::Borrowed(id)),
            },
            sid: holder.session_id.to_string().into(),
            jti: token_id.to_string().into(),
            iat: now,
            nbf: now,
            exp: expires_at,
            kind: ACCESS.into(),
            fresh: match holder.fresh_until.filter(|until| now < *until) {
                Some(until) => Fresh::Until(until),
                None => Fresh::Never(False),
            },
            amr: holder.methods,
            auth_time: holder.authenticated_at,
            acr: holder.authenticated_at.map(|_| holder.methods.assurance().name().into()),
            roles: audience.claims.with_roles_of(holder.roles.to_vec()),
            additional,
        };
        Ok(Issued { text: sign(ring, audience.typ.as_str(), &claims)?, expires_at })
    }

    /// Checks a token for another audience by the rules of [`Self::verify`], except `typ`, `aud` and `sub`, which are as the
    /// audience wants them: [`AudienceToken::is_for`]. Nothing is remembered: what is remembered opens our own doors.
    ///
    /// # Errors
    /// [`TokenRefused`]; [`Check::Audience`] for one of our own tokens.
    pub fn verify_for_other(
        &self,
        ring: &KeyRing,
        text: &str,
        now: UnixTime,
        expiry: Expiry,
    ) -> Result<AudienceToken, TokenRefused> {
        let types = [TYPE, HeaderType::Jwt.as_str()];
        let (token, _) = read(ring, text, &types, expiry.of_keys(now), |claims, typ| self.check_other(claims, typ))?;
        self.check_times(&token.times, now, expiry)?;
        Ok(token)
    }

    fn check_other(&self, claims: Claims, typ: &str) -> Result<AudienceToken, Check> {
        self.check_origin(&claims.kind, &claims.iss)?;
        if claims.aud == self.audience {
            return Err(Check::Audience);
        }
        let times = Times { issued_at: claims.iat, not_before: claims.nbf, expires_at: claims.exp };
        self.check_lifetime(&times)?;
        Ok(AudienceToken {
            session_id: SessionId::parse(&claims.sid).map_err(|_| Check::Claims)?,
            token_id: TokenId::parse(&claims.jti).map_err(|_| Check::Claims)?,
            audience: claims.aud.into_owned(),
            typ: HeaderType::parse(typ).ok_or(Check::Type)?,
            subject: claims.sub.into_owned(),
            username: claims.username.into_owned(),
            client_id: claims.client_id.map(Cow::into_owned),
            roles: claims.roles,
            times,
            methods: claims.amr,
            authenticated_at: claims.auth_time,
            additional: claims.additional,
        })
    }
}
