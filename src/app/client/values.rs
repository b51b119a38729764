//! What goes into the state machine and what comes out, as values: [`Event`] and [`Moment`], [`Effect`].

use crate::api_types::ApiError;
use crate::app::browser::{Keep, Mark, Stored};

/// How long the server can take to answer a refresh or a sign-out, in milliseconds. Without a limit, a request that gets no
/// answer would block everything that waits for it.
pub const PATIENCE: u32 = 10_000;

/// A renewal is tried again after this time, in milliseconds, if no answer came or the tab is in the background.
pub const AGAIN: u32 = 10_000;

/// What this page knows about its user, as islands see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// Not yet known. The server renders every page so.
    Unknown,
    No(Why),
    /// There is a session. The number changes with the user. So a page fetches its data anew when another tab signs in as
    /// another user.
    Yes(u32),
}

/// Why no user is signed in. Each has its words on the page.
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
    /// The server ended the session, because an old refresh token was used.
    Reused,
    /// The account was deleted on this page.
    Deleted,
    /// What the browser kept is not a token of the server.
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
    /// Whether another tab has changed the marker since this tab read it.
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
    /// A form asks whether it can send a password now; answered by `Go` with this number.
    SignInBegins(u32),
    SignInRefused,
    SignInAnswered {
        token: String,
        expires_in: u64,
        keep: Keep,
        /// The dialog that sent it; none for a form.
        dialog: Option<u32>,
    },
    /// The dialog was cancelled, or could not be shown.
    DialogClosed(u32),

    // From calls of protected doors, each with a number of its own.
    CallBegins(u32),
    CallAnswered(u32),
    CallRefused(u32, ApiError),
    Greeted {
        /// The user who was signed in when the page asked, numbered as in [`SignedIn::Yes`].
        user: u32,
        greeting: Greeting,
    },
    /// The answer to the question whose session it is. Comes after `Greeted` if the server told.
    WhoseAnswered {
        /// The number of the session, as in the question.
        session: u32,
        known: bool,
    },

    // From other tabs.
    /// The marker was written; or a page came back out of the browser's memory and may have missed that.
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

/// What the server says about the user and the token.
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

/// What the driver must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Sends a request with the token that is kept now. An event answers it, or it is aborted.
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
    /// Reads the marker again.
    RememberMarker,

    /// Lets a call go on: it is sent now, or sent again.
    Go(u32),
    /// Ends a call with an error.
    Fail(u32, ApiError),

    /// Asks the server for the greeting: does the session still live? Has the number of the session if the question is whose
    /// it is; `WhoseAnswered` answers that.
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

/// A request that the state machine sends itself; at most one of each is open.
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
    /// The next question whether the session still lives.
    Look,
    /// The end of the wait for `/api/refresh`.
    RefreshPatience,
    /// The end of the wait for `/api/logout`.
    LogoutPatience,
}

/// A token to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    pub expires_in: u64,
    /// How long to keep the session that begins with it; none for a renewal.
    pub new: Option<NewSession>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub keep: Keep,
    pub dialog: Option<u32>,
}
