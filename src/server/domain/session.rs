//! A session: one sign-in on one device.

use std::time::Duration;

use super::additional_claims::AdditionalClaims;
use super::ids::{SessionId, UserId};
use super::refresh_token::Rotation;
use super::unix_time::UnixTime;

/// One sign-in, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// When the password was typed.
    pub started_at: UnixTime,
    /// When it ends whatever happens.
    pub expires_at: UnixTime,
    pub kind: SessionKind,
    pub origin: Origin,
    /// What its access tokens say besides what all say.
    pub additional: AdditionalClaims,
}

/// How long a session is meant to live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionKind {
    /// "Keep me signed in on this device."
    Kept,
    /// As long as the browser is open, within a day.
    #[default]
    Brief,
}

impl SessionKind {
    /// As it stands in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Brief => "brief",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Kept, Self::Brief].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a session was started from, for its owner to recognise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// "Firefox on Windows"
    pub device: String,
    /// Shortened: enough to recognise a network, not a person.
    pub address: String,
}

/// How long a session may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// From the sign-in on, whatever happens.
    pub absolute: Duration,
    /// Without being refreshed.
    pub idle: Duration,
}

/// The lifetimes of both kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    pub kept: Lifetime,
    pub brief: Lifetime,
}

impl SessionRules {
    /// The lifetime of a kind.
    #[must_use]
    pub const fn lifetime(&self, kind: SessionKind) -> Lifetime {
        match kind {
            SessionKind::Kept => self.kept,
            SessionKind::Brief => self.brief,
        }
    }

    /// When a session is over if it is not refreshed again: its refresh token is good until then.
    #[must_use]
    pub fn refreshable_until(&self, session: &Session, rotated_at: UnixTime) -> UnixTime {
        session.expires_at.min(rotated_at.plus(self.lifetime(session.kind).idle))
    }

    /// Whether a session is over, judged when it is read and never left to a purge.
    #[must_use]
    pub fn is_over(&self, session: &Session, rotation: &Rotation, now: UnixTime) -> bool {
        now >= self.refreshable_until(session, rotation.rotated_at)
    }
}
