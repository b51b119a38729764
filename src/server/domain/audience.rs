//! Audiences: other services that get tokens of their own, in the form that they need (RFC 8693).
//!
//! Knows what an audience is. `audience_token.rs` makes and checks the tokens.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::access_token::LONGEST_LIFETIME;
use super::additional_claims::{AdditionalClaims, UnfitClaims};
use super::claims::can_be_client_id;
use super::plain_name::{self, NotAPlainName};
use super::unix_time::UnixTime;

/// Bytes of the longest `aud` and role. A token has at most 4096 bytes.
const MAX_VALUE: usize = 128;
/// Bytes of the longest scope.
const MAX_SCOPE: usize = 512;

/// An audience: who it is, and what its tokens look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    pub name: AudienceName,
    /// The claim `aud` of its tokens.
    pub aud: String,
    pub typ: HeaderType,
    pub subject: Subject,
    pub client_id: ClientIdClaim,
    /// Claims in addition to those of the user's access token. They replace its additional claims, never our own.
    pub claims: AdditionalClaims,
    /// The claim `scope`. If it is empty, the scope of the user's access token stays.
    pub scope: Scope,
    /// A user needs all of these roles.
    pub roles: Vec<String>,
    /// The longest life of a token. `None`: as long as the user's access token.
    pub lifetime: Option<Duration>,
    pub created_at: UnixTime,
}

/// An audience as texts and numbers: from the command line, or from the table.
#[derive(Clone, Debug, Default)]
pub struct AudienceTexts {
    pub name: String,
    pub aud: String,
    pub typ: String,
    pub subject: String,
    pub client_id: Option<String>,
    pub claims: String,
    pub scope: String,
    pub roles: String,
    pub lifetime: Option<i64>,
}

/// The name by which a client asks for an audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudienceName(String);

/// The `typ` in the header of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderType {
    /// RFC 7519. Some services accept no other.
    Jwt,
    /// RFC 9068: an access token, as our own.
    AccessToken,
}

/// What the claim `sub` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Id,
    Username,
}

/// The claim `client_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientIdClaim {
    /// That of our own tokens (`JWT_CLIENT_ID`).
    OfServer,
    /// Some services take `client_id` for the user.
    Absent,
    Named(String),
}

/// A scope (RFC 6749, section 3.3). May be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(String);

/// Why this cannot be an audience.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitAudience {
    #[error("this cannot be the name of an audience: {0}")]
    Name(#[from] NotAPlainName),
    #[error("--aud must have 1 to {MAX_VALUE} printable ASCII characters and no space")]
    Aud,
    #[error("--typ must be JWT or at+jwt")]
    Typ,
    #[error("--subject must be id or username")]
    Subject,
    #[error("--client-id must have 1 to 128 printable ASCII characters, or be none")]
    ClientId,
    #[error("--claims {0}; use a small JSON object, like {{\"tenant\":\"north\"}}")]
    Claims(#[from] UnfitClaims),
    #[error("--scope must be values with one space between, at most {MAX_SCOPE} bytes, without \" and \\")]
    Scope,
    #[error("--role must have 1 to {MAX_VALUE} characters and no white space")]
    Role,
    #[error("--expires must be whole seconds, from 1s to 60m")]
    Lifetime,
}

impl Audience {
    /// Checks the parts of an audience.
    ///
    /// # Errors
    /// [`UnfitAudience`] with the first part that does not fit.
    pub fn parse(texts: AudienceTexts, created_at: UnixTime) -> Result<Self, UnfitAudience> {
        let AudienceTexts { name, aud, typ, subject, client_id, claims, scope, roles, lifetime } = texts;
        let name = AudienceName::parse(&name)?;
        let fits = |text: &str| (1..=MAX_VALUE).contains(&text.len());
        if !fits(&aud) || !aud.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UnfitAudience::Aud);
        }
        let client_id = match client_id {
            None => ClientIdClaim::OfServer,
            Some(none) if none.is_empty() => ClientIdClaim::Absent,
            Some(id) if can_be_client_id(&id) => ClientIdClaim::Named(id),
            Some(_) => return Err(UnfitAudience::ClientId),
        };
        let roles: Vec<_> = roles.split_whitespace().map(str::to_owned).collect();
        if !roles.iter().all(|role| fits(role)) {
            return Err(UnfitAudience::Role);
        }
        let lifetime = lifetime.map(|seconds| u64::try_from(seconds).map(Duration::from_secs)).transpose();
        let lifetime = lifetime.map_err(|_| UnfitAudience::Lifetime)?;
        if lifetime.is_some_and(|lifetime| lifetime.is_zero() || lifetime > LONGEST_LIFETIME) {
            return Err(UnfitAudience::Lifetime);
        }
        Ok(Self {
            name,
            aud,
            typ: HeaderType::parse(&typ).ok_or(UnfitAudience::Typ)?,
            subject: Subject::parse(&subject).ok_or(UnfitAudience::Subject)?,
            client_id,
            claims: AdditionalClaims::parse(&claims)?,
            scope: Scope::parse(&scope).ok_or(UnfitAudience::Scope)?,
            roles,
            lifetime,
            created_at,
        })
    }

    /// Writes the form that [`Self::parse`] reads.
    #[must_use]
    pub fn to_texts(&self) -> AudienceTexts {
        AudienceTexts {
            name: self.name.0.clone(),
            aud: self.aud.clone(),
            typ: self.typ.as_str().to_owned(),
            subject: self.subject.as_str().to_owned(),
            client_id: match &self.client_id {
                ClientIdClaim::OfServer => None,
                ClientIdClaim::Absent => Some(String::new()),
                ClientIdClaim::Named(id) => Some(id.clone()),
            },
            claims: self.claims.to_json(),
            scope: self.scope.0.clone(),
            roles: self.roles.join(" "),
            lifetime: self.lifetime.and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok()),
        }
    }

    /// Returns whether a user with these roles may have a token for this audience.
    #[must_use]
    pub fn admits(&self, roles: &[String]) -> bool {
        self.roles.iter().all(|needed| roles.contains(needed))
    }
}

impl AudienceName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`NotAPlainName`].
    pub fn parse(text: &str) -> Result<Self, NotAPlainName> {
        plain_name::parse(text).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AudienceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HeaderType {
    /// The text in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
        }
    }

    /// Parses [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Jwt, Self::AccessToken].into_iter().find(|typ| typ.as_str() == text)
    }
}

impl Subject {
    /// The text at the command line and in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Username => "username",
        }
    }

    /// Parses [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Id, Self::Username].into_iter().find(|subject| subject.as_str() == text)
    }
}

impl Scope {
    /// Parses values with one space between; an empty text is the empty scope.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let right = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        let values = text.is_empty() || text.split(' ').all(|value| !value.is_empty() && value.bytes().all(right));
        (values && text.len() <= MAX_SCOPE).then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether every value of `asked` is one of this scope.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        let mut asked = asked.0.split(' ');
        asked.all(|value| self.0.split(' ').any(|own| own == value))
    }
}

/// How long the audiences are known without another look into the store. Then a change by another process is heeded, within
/// the bound that counts for sign-outs.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// All audiences, as they were read a moment ago.
#[derive(Default)]
pub struct KnownAudiences(Mutex<Option<(Arc<[Audience]>, Duration)>>);

impl KnownAudiences {
    /// Returns the audiences, if they were read within the last second. `uptime` does not change when the clock is set.
    #[must_use]
    pub fn all(&self, uptime: Duration) -> Option<Arc<[Audience]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(_, until)| uptime < *until).map(|(all, _)| Arc::clone(all))
    }

    /// Remembers the audiences that were read when the process had this `uptime`.
    pub fn remember(&self, all: Arc<[Audience]>, uptime: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((all, uptime + KNOWN_FOR));
    }

    /// Forgets them, because they have changed.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[cfg(test)]
#[path = "audience_tests.rs"]
mod tests;
