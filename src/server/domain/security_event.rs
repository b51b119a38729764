//! Security events of an account, for its user and for administrators: sign-ins, failed attempts, changes.

use super::ids::{EventId, UserId};
use super::session::Origin;
use super::unix_time::UnixTime;

/// An event that happens now and is not in the store yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub id: EventId,
    pub at: UnixTime,
    pub kind: EventKind,
    /// Who did it, if it was not the user of the account.
    pub by: Option<String>,
    /// The origin of the person who did it. Events of a session have the origin of the session instead.
    pub origin: Origin,
    /// Whether the user is told by mail, if the account has an address.
    pub told: bool,
}

impl NewEvent {
    /// Makes an event of the user of the account.
    #[must_use]
    pub const fn new(id: EventId, at: UnixTime, kind: EventKind, origin: Origin) -> Self {
        Self { id, at, kind, by: None, origin, told: kind.is_told() }
    }
}

/// An event from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    pub id: EventId,
    /// Its position in the order of events.
    pub seq: i64,
    pub at: UnixTime,
    pub kind: EventKind,
    pub by: Option<String>,
    pub user_id: UserId,
    /// The name at that time. The account may have been removed since.
    pub username: String,
    /// The origin of the person who did it; for a session that ended, the origin of the session.
    pub origin: Origin,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The kind of an event. `app/components/event_words.rs` reads the codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code in the table and on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

kinds! {
    SignedUp = "signed_up",
    SignedIn = "signed_in",
    /// A wrong password, or the right one of a disabled account.
    SignInFailed = "sign_in_failed",
    /// The user signed out, or ended the session from another one.
    SessionEnded = "session_ended",
    OtherSessionsEnded = "other_sessions_ended",
    AllSessionsEnded = "all_sessions_ended",
    /// An old refresh token was used again: the session ended.
    RefreshTokenReused = "refresh_token_reused",
    PasswordChanged = "password_changed",
    Disabled = "disabled",
    Enabled = "enabled",
    MadeAdmin = "made_admin",
    UnmadeAdmin = "unmade_admin",
    Removed = "removed",
    /// Recorded for the administrator who made the invitation.
    Invited = "invited",
    /// Recorded for the administrator who rotated the signing keys, or retired one.
    KeysRotated = "keys_rotated",
    /// A passkey, or an authenticator app.
    FactorAdded = "factor_added",
    FactorRemoved = "factor_removed",
    /// The password was right, the second factor was not.
    FactorRefused = "factor_refused",
    RecoveryCodeUsed = "recovery_code_used",
    EmailChanged = "email_changed",
    /// A new password by a link in a mail.
    PasswordReset = "password_reset",
}

impl EventKind {
    /// Returns whether the user is told by mail whenever it happens. Of sign-ins, the user is told those from an unknown
    /// device.
    #[must_use]
    pub const fn is_told(self) -> bool {
        matches!(
            self,
            Self::PasswordChanged
                | Self::PasswordReset
                | Self::FactorAdded
                | Self::FactorRemoved
                | Self::RefreshTokenReused
                | Self::EmailChanged
        )
    }

    /// Parses [`Self::code`].
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}
