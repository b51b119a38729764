//! What crosses the network about passkeys.

use serde::Serialize;

/// A passkey as its user sees it, for pages and for the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PasskeySummary {
    /// The id of the credential, as browsers write it.
    pub id: String,
    pub name: String,
    /// Whether a password manager may copy it to other devices.
    pub synced: bool,
    /// Whether the browser made it without a question. A sign-in with the password does not ask for such a passkey.
    pub quiet: bool,
    /// Unix seconds, both.
    pub created_at: i64,
    pub last_used_at: Option<i64>,
}

/// The passkeys of a user, and what their password manager must know to show the same list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PasskeysAnswer {
    /// The domain of the passkeys; `None` if there are none here, because the host of `PUBLIC_URL` is an address.
    pub rp_id: Option<String>,
    /// The user handle in the passkeys.
    pub user_id: String,
    pub username: String,
    pub passkeys: Vec<PasskeySummary>,
}

/// A question to the browser's passkeys, for pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PasskeyQuestion {
    /// Goes back with the answer. The answer counts only from the browser that asked.
    pub challenge: String,
    /// The options of WebAuthn, as JSON.
    pub options: String,
}
