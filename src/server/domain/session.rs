//! A session: one sign-in on one device.

use std::time::Duration;

use super::additional_claims::AdditionalClaims;
use super::ids::{SessionId, UserId};
use super::methods::Methods;
use super::refresh_token::Rotation;
use super::unix_time::UnixTime;

/// A session as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// When the user was recognised.
    pub started_at: UnixTime,
    /// When it ends at the latest.
    pub expires_at: UnixTime,
    pub kind: SessionKind,
    pub origin: Origin,
    /// How the user was recognised.
    pub methods: Methods,
    /// Additional claims for its access tokens.
    pub additional: AdditionalClaims,
}

/// The kind of a session, which decides its lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionKind {
    /// "Keep me signed in on this device."
    Kept,
    /// Until the browser closes, 12 hours at most.
    #[default]
    Brief,
}

impl SessionKind {
    /// The text in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Brief => "brief",
        }
    }

    /// Parses [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Kept, Self::Brief].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a session was started, so that its user can recognise it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// "Firefox on Windows"
    pub device: String,
    /// Shortened: enough to recognise a network, but not a person.
    pub address: String,
}

/// The lifetime of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// From the sign-in, in any case.
    pub absolute: Duration,
    /// Without a refresh.
    pub idle: Duration,
}

/// The lifetimes of both kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    pub kept: Lifetime,
    pub brief: Lifetime,
}

impl SessionRules {
    /// Returns the lifetime of a kind.
    #[must_use]
    pub const fn lifetime(&self, kind: SessionKind) -> Lifetime {
        match kind {
            SessionKind::Kept => self.kept,
            SessionKind::Brief => self.brief,
        }
    }

    /// Returns when the session ends if it is not refreshed again. Its refresh token is valid until then.
    #[must_use]
    pub fn refreshable_until(&self, session: &Session, rotated_at: UnixTime) -> UnixTime {
        session.expires_at.min(rotated_at.plus(self.lifetime(session.kind).idle))
    }

    /// Returns whether the session has ended. This is checked at every read; it never depends on a purge.
    #[must_use]
    pub fn is_over(&self, session: &Session, rotation: &Rotation, now: UnixTime) -> bool {
        now >= self.refreshable_until(session, rotation.rotated_at)
    }
}
