//! Signing in with a passkey: on `/login` a button, and passkeys in the autofill of the form; on the page of the second step and
//! in the dialog for signing in again, a button. Also the passkey that the browser makes quietly.
//!
//! What it needs is a file of its own. On `/login` it is loaded at the first sign of a person: a pointer that moves, a key, a
//! focus. A visit without one costs no challenge, and leaves no cookie. Browsers also report a move when a page appears below a
//! pointer that rests: then the challenge is asked for nothing.

use std::cell::Cell;
use std::pin::Pin;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::app::client::{
    self, NotSignedIn, SignedIn, Wanted, Ways, offer_passkeys, offer_passkeys_again, passkeys_supported,
    sign_in_by_button, signed_in, withdraw_passkeys,
};
use crate::app::components::{
    Asking, FORM, PASSKEY_WAY, Piece, USE_ANOTHER_WAY, go_on, in_browser, keep_as_said, passkey_problem,
};

/// What a person does first.
const SIGNS: [&str; 4] = ["pointermove", "pointerdown", "keydown", "focusin"];

thread_local! {
    static SEEN: Cell<bool> = const { Cell::new(false) };
}

/// Shows the button, if the server and the browser have passkeys, and waits for a person.
pub fn wait_for_person() {
    let way = Piece::with_id(PASSKEY_WAY);
    if !way.is_there() || !passkeys_supported() {
        return;
    }
    way.show(true);
    way.part("passkey").on("click", |_| begin(true));
    let waiting = SIGNS.map(|sign| {
        window_event_listener_untyped(sign, |_| {
            if !SEEN.replace(true) {
                begin(false);
            }
        })
    });
    // As long as the page lives.
    std::mem::forget(waiting);
}

/// `by_button`: the user wants to sign in with a passkey now.
fn begin(by_button: bool) {
    SEEN.set(true);
    spawn_local(async move {
        if load(by_button).await.is_err() && by_button {
            Piece::with_id(PASSKEY_WAY).part("problem").complain(USE_ANOTHER_WAY);
        }
    });
}

/// Asks for a passkey in the browser's dialog, and signs in with it.
///
/// # Errors
/// [`NotSignedIn`].
pub async fn sign_in_by_passkey(wanted: Wanted) -> Result<(), NotSignedIn> {
    match load_to_sign_in(wanted).await {
        Ok(signing_in) => signing_in.await,
        Err(NoFile) => Err(NotSignedIn::NoPasskey),
    }
}

/// Lets the browser make a passkey without a dialog, if it can. Nobody waits for it.
pub fn add_passkey_quietly() {
    if passkeys_supported() {
        spawn_local(async {
            if let Ok(adding) = load_to_add().await {
                adding.await;
            }
        });
    }
}

/// What the file goes on doing once it is there.
type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// The file did not load.
struct NoFile;

impl From<SplitLoaderError> for NoFile {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the file may not load: `fallible` wants an error for that")]
#[wasm_split(passkey_sign_in, wasm_split_path = ::leptos::wasm_split, fallible)]
fn load(by_button: bool) -> Result<(), NoFile> {
    if by_button {
        by_the_button();
    } else {
        in_the_autofill();
    }
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "as above")]
#[wasm_split(passkey_sign_in, wasm_split_path = ::leptos::wasm_split, fallible)]
fn load_to_sign_in(wanted: Wanted) -> Result<Later<Result<(), NotSignedIn>>, NoFile> {
    Ok(Box::pin(client::sign_in_by_passkey(wanted)))
}

#[allow(clippy::unnecessary_wraps, reason = "as above")]
#[wasm_split(passkey_sign_in, wasm_split_path = ::leptos::wasm_split, fallible)]
fn load_to_add() -> Result<Later<()>, NoFile> {
    Ok(Box::pin(client::add_passkey_quietly()))
}

const WAYS: Ways = Ways { keep: keep_as_said, go_on, tell };

fn by_the_button() {
    let button = Piece::with_id(PASSKEY_WAY).part("passkey");
    tell(NotSignedIn::Cancelled);
    let ask = || -> Asking<Result<(), NotSignedIn>> { Box::pin(async { Ok(sign_in_by_button(WAYS).await) }) };
    button.ask(ask, |done| {
        if let Ok(Err(why)) = done {
            tell(why);
        }
    });
}

fn in_the_autofill() {
    let form = Piece::with_id(FORM);
    form.on("submit", |_| withdraw_passkeys());
    // After a wrong password, or a passkey that was refused.
    form.on("focusin", |_| spawn_local(offer_passkeys_again()));
    in_browser(|| {
        if let SignedIn::Yes(_) = signed_in() {
            withdraw_passkeys();
        } else {
            spawn_local(offer_passkeys(WAYS));
        }
    });
}

fn tell(why: NotSignedIn) {
    Piece::with_id(PASSKEY_WAY).part("problem").complain(passkey_problem(why));
}
