//! What happened to an account, for its owner and for administrators: who came in, who tried, what was changed.

use super::ids::{EventId, UserId};
use super::session::Origin;
use super::unix_time::UnixTime;

/// Something that happens now, before it is known to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub id: EventId,
    pub at: UnixTime,
    pub kind: EventKind,
    /// Who did it, where it was not whoever uses the account.
    pub by: Option<String>,
    /// Of whoever did it. What is told of a session has that of the session instead.
    pub origin: Origin,
}

/// An event, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    pub id: EventId,
    /// Its place in the order of what happened.
    pub seq: i64,
    pub at: UnixTime,
    pub kind: EventKind,
    pub by: Option<String>,
    pub user_id: UserId,
    /// The name at that time: the account may be gone.
    pub username: String,
    /// Of whoever did it; of a session that ended, where it was.
    pub origin: Origin,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What happened. The codes are read by `app/components/event_words.rs`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it stands in the table and on the wire.
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
    /// Signed out, or ended from another session.
    SessionEnded = "session_ended",
    OtherSessionsEnded = "other_sessions_ended",
    AllSessionsEnded = "all_sessions_ended",
    /// An old refresh token came back: the session ended.
    RefreshTokenReused = "refresh_token_reused",
    PasswordChanged = "password_changed",
    Disabled = "disabled",
    Enabled = "enabled",
    MadeAdmin = "made_admin",
    UnmadeAdmin = "unmade_admin",
    Removed = "removed",
    /// Of the account of the administrator who made the invitation.
    Invited = "invited",
    /// Of the account of the administrator who rotated the signing keys, or retired one.
    KeysRotated = "keys_rotated",
}

impl EventKind {
    /// Reads [`Self::code`].
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}
