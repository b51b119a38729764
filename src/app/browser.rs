//! The browser, as `client` uses it: one file for each thing that it can do. Nothing here decides anything.
//!
//! | file | what it gives |
//! |---|---|
//! | `storage` | where the access token is kept |
//! | `marker` | the entry in `localStorage` by which tabs learn of each other's sign-ins and sign-outs |
//! | `clock` | two clocks and the timers |
//! | `fetch` | sends a request of a server function |
//! | `request` | a request that can be given up |
//! | `turn` | what can set the cookie, one tab at a time |
//! | `passkeys` | makes and asks for passkeys |
//! | `document` | the attributes of `<html>`, and whether the page is hidden |
//!
//! The values that they share stand here.

pub mod clock;
pub mod document;
pub mod fetch;
pub mod marker;
pub mod passkeys;
pub mod request;
pub mod storage;
pub mod turn;

/// How long the browser must keep a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// After a restart of the browser too, for all tabs.
    OnThisDevice,
    /// As long as this tab is open.
    InThisTab,
}

/// The browser denies storage, or it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageRefused;

/// What the storage holds in the place of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Token,
    Nothing,
    /// Text that no server issued: edited by hand, or cut off.
    Damaged,
    Refused,
}

/// What the marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Absent,
    /// A user signed out, and the server has not confirmed it yet: the cookie does not count.
    SignedOut,
    /// There is a session. Each session has a text of its own.
    Session,
}
