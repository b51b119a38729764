//! A session: one sign-in on one device.

use super::ids::{SessionId, UserId};
use super::unix_time::UnixTime;

/// One sign-in, as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub started_at: UnixTime,
    /// When the last of its tokens expires.
    pub expires_at: UnixTime,
}
