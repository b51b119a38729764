//! What goes into the state machine and what comes out, as values: [`Event`] and [`Moment`], [`Effect`].

use crate::api_types::ApiError;
use crate::app::browser::{Keep, Mark, Stored};

/// How long the server may take to answer a refresh or a sign-out, in milliseconds. A request can hang for ever, and all
/// that wait for it.
pub const PATIENCE: u32 = 10_000;

/// A renewal is tried again after this time, in milliseconds, if no answer came or the tab is in the background.
pub const AGAIN: u32 = 10_000;

/// What this page knows about its user, as islands see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// Not yet known. The server renders every page so.
    Unknown,
    Nobody(Why),
    /// There is a session. The number changes with the user, so that a page fetches anew when another tab signs in as
    /// another user.
    Somebody(u32),
}

/// Why nobody is signed in. The words are the page's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// This browser holds no session.
    NoToken,
    /// Signed out on this page; the server has not answered yet.
    SigningOut,
    /// Signed out on this page.
    SignedOut,
    /// Signed out on this page, but the server did not confirm: the token works until it expires.
    SignedOutUnconfirmed,
    /// Another tab signed out.
    SignedOutInAnotherTab,
    Expired,
    /// The session was ended, from here or elsewhere.
    Revoked,
    /// The server ended the session, as an old refresh token came back.
    Reused,
    /// The account was deleted on this page.
    Deleted,
    /// What the browser kept is none of the server's tokens.
    NotValid,
    StorageRefused,
}

/// What the browser says at the moment of an event.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Milliseconds since the page was opened.
    pub now: f64,
    /// Whether the tab is in the background.
    pub hidden: bool,
    /// Whether a token is kept that can be sent.
    pub token: bool,
    pub marker: Mark,
    /// Whether another tab has changed the marker since this tab took it in.
    pub marker_changed: bool,
}

/// Something happened.
pub enum Event {
    /// The program has started.
    Started {
        stored: Stored,
        /// Whether the server saw the cookie of a live session when it rendered the page.
        server_says: bool,
    },

    // From the user.
    /// The user came back to the page, or the network did.
    CameBack,
    SignOut,
    /// The session ended on this page, and the server knows it.
    Ended(Why),
    /// A form asks whether it may send a password now; answered by `Go` with this number.
    SignInBegins(u32),
    SignInRefused,
    SignInAnswered {
        token: String,
        expires_in: u64,
        keep: Keep,
        /// The dialog that was answered by it; none for a form.
        dialog: Option<u32>,
    },
    /// The dialog was cancelled, or could not be shown.
    DialogClosed(u32),

    // From calls of protected doors, each with a number of its own.
    CallBegins(u32),
    CallAnswered(u32),
    CallRefused(u32, ApiError),
    Greeted {
        /// The user who was signed in when the page asked, as [`SignedIn::Somebody`] numbers them.
        user: u32,
        greeting: Greeting,
    },
    /// The server was asked whose the session is. Comes after `Greeted` if it has told.
    WhoseAnswered {
        user: u32,
        known: bool,
    },

    // From other tabs.
    /// The marker was written, or a page came back out of the browser's memory and may have missed that.
    MarkerWritten,
    /// Another tab has put a new token where this tab reads it.
    TokenWritten,
    /// Another tab has cleared the storage.
    StorageCleared,

    // Answers to effects.
    RenewalAnswered(Result<Renewed, ApiError>),
    LogoutAnswered(Result<(), ApiError>),
    Kept(Keeping, bool),
    Due(Timer),
    /// Comes every few seconds, with the milliseconds since 1970 by the browser's clock.
    Tick(f64),
}

/// What the server says of the user and the token.
pub struct Greeting {
    pub name: String,
    pub admin: bool,
    /// Unix seconds of the server.
    pub issued_at: i64,
    /// Seconds from issue to expiry, and from now to expiry.
    pub lifetime: u64,
    pub expires_in: u64,
}

/// A new access token of the same session.
pub struct Renewed {
    pub token: String,
    pub expires_in: u64,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Sends a request, with the token that is kept now. It is answered by an event, or given up.
    Send(Door),
    GiveUp(Door),
    SetTimer(Timer, u32),
    StopTimer(Timer),

    /// Keeps a token, and answers `Kept`.
    Keep(String, Keeping),
    /// Forgets the token, wherever it is.
    Forget,
    /// Forgets the token that this tab does not share with others.
    ForgetOwn,

    /// Writes the marker of a new session.
    Mark(Keep),
    MarkIfUnmarked,
    MarkSignedOut,
    Unmark,
    /// Removes the marker if it still says that a user signed out.
    UnmarkSignedOut,
    /// Writes the marker again as it was.
    RestoreMarker,
    /// Takes the marker in as it is now.
    RememberMarker,

    /// Lets a call go on: it is sent now, or once more.
    Go(u32),
    /// Ends a call with an error.
    Fail(u32, ApiError),

    /// Asks the server for the greeting: is there still a session? With the number of the user before, where it is asked
    /// whose the session is; that is answered by `WhoseAnswered`.
    AskGreeting(Option<u32>),
    OpenDialog {
        number: u32,
        why: Option<Why>,
    },
    CloseDialog,

    /// Tells islands and the style sheet.
    Show(SignedIn),
    ShowAdmin(bool),
}

/// A request that the state machine sends by itself; at most one of each is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Refresh,
    Logout,
}

/// The timers of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The next renewal.
    Renewal,
    /// The next look whether there is still a session.
    Look,
    /// The end of the patience with `/api/refresh`.
    RefreshPatience,
    /// The end of the patience with `/api/logout`.
    LogoutPatience,
}

/// A token that is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    pub expires_in: u64,
    /// Of a session that begins with it; none for a renewal.
    pub new: Option<NewSession>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub keep: Keep,
    pub dialog: Option<u32>,
}
