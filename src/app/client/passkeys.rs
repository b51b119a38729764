//! Signs in with passkeys: carries out the effects of `state/passkey.rs`, and the buttons. Also makes passkeys: for `/account`, and
//! quietly.
//!
//! Only code of lazy files calls this, so no other page loads it.

use std::cell::{Cell, RefCell};

use leptos::task::spawn_local;

use crate::api_types::{ApiError, PasskeyQuestion, PasskeysAnswer, PasswordInput, Remember};
use crate::app::browser::clock::Timer;
use crate::app::browser::passkeys::{self, NoPasskey, Withdraw};
use crate::app::browser::storage::works as can_keep;
use crate::app::browser::{Keep, StorageRefused};
use crate::app::client::driver::{before_sign_in, call};
use crate::app::client::signing_in::{answered, sign_in_refused};
use crate::app::client::state::passkey::{Autofill, Effect, Event, step};
use crate::app::server_fns;

pub use crate::app::browser::passkeys::supported as passkeys_supported;

/// What the page does at the end of a sign-in with a passkey.
#[derive(Clone, Copy)]
pub struct Ways {
    /// How long to keep the session, as the form says now.
    pub keep: fn() -> Keep,
    /// The user is signed in.
    pub go_on: fn(),
    pub tell: fn(NotSignedIn),
}

/// A passkey that the page of the second step, or the dialog for signing in again, wants now.
pub struct Wanted {
    /// The password was right already: a challenge in a cookie waits for the passkey.
    pub after_password: bool,
    /// Of the only user whose passkey it may be; empty: anybody's.
    pub username: String,
    pub keep: Keep,
    /// The number of the dialog.
    pub dialog: Option<u32>,
}

/// Why a passkey signed nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSignedIn {
    /// The user cancelled, or the browser found no passkey.
    Cancelled,
    /// The browser failed.
    NoPasskey,
    Refused(ApiError),
    StorageRefused,
}

/// What became of the wish for a new passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    Added,
    Cancelled,
    /// This device has one already.
    Exists,
    Failed,
}

thread_local! {
    static AUTOFILL: RefCell<Autofill> = RefCell::new(Autofill::default());
    static QUESTION: RefCell<Option<PasskeyQuestion>> = const { RefCell::new(None) };
    static CHOSEN: RefCell<String> = const { RefCell::new(String::new()) };
    static OFFER: RefCell<Option<Withdraw>> = const { RefCell::new(None) };
    static RENEWAL: Timer = const { Timer::new() };
    static QUIET: RefCell<Option<Withdraw>> = const { RefCell::new(None) };
    static WAYS: Cell<Option<Ways>> = const { Cell::new(None) };
}

/// Offers passkeys in the autofill of the form, if the browser can.
pub async fn offer_passkeys(ways: Ways) {
    WAYS.set(Some(ways));
    if passkeys::offers_in_autofill().await {
        send(Event::Begin);
    }
}

/// The person came back to the form.
pub async fn offer_passkeys_again() {
    if passkeys::offers_in_autofill().await {
        send(Event::Focus);
    }
}

/// The user signs in in another way.
pub fn withdraw_passkeys() {
    send(Event::Otherwise);
}

/// Asks for a passkey in a dialog, and signs in with it.
///
/// # Errors
/// [`NotSignedIn`].
pub async fn sign_in_by_button(ways: Ways) -> Result<(), NotSignedIn> {
    send(Event::Pressed);
    let done = sign_in_by_passkey(Wanted::of_anybody((ways.keep)())).await;
    match done {
        Ok(()) => (ways.go_on)(),
        Err(_) => send(Event::Released),
    }
    done
}

/// Asks for a passkey in the browser's dialog, and signs in with it.
///
/// # Errors
/// [`NotSignedIn`].
pub async fn sign_in_by_passkey(wanted: Wanted) -> Result<(), NotSignedIn> {
    let question = if wanted.after_password {
        server_fns::ask_for_second_passkey().await?
    } else {
        server_fns::ask_for_passkey().await?
    };
    withdraw_quiet_passkey();
    let answer = passkeys::get(&question.options, false, None).await?;
    sign_in_with(question, answer, wanted).await
}

/// Makes a passkey for the signed-in user.
///
/// # Errors
/// Those of the doors.
pub async fn make_passkey(name: String) -> Result<Made, ApiError> {
    let question = call(|| server_fns::ask_for_new_passkey(false)).await?;
    withdraw_quiet_passkey();
    let answer = match passkeys::create(&question.options, None).await {
        Ok(answer) => answer,
        Err(NoPasskey::Cancelled) => return Ok(Made::Cancelled),
        Err(NoPasskey::Exists) => return Ok(Made::Exists),
        Err(NoPasskey::Failed) => return Ok(Made::Failed),
    };
    call(|| server_fns::add_passkey(question.challenge.clone(), answer.clone(), name.clone())).await?;
    Ok(Made::Added)
}

/// Tells the password manager which passkeys the server knows, so that it offers no others, and under which name.
pub fn tell_password_manager(known: &PasskeysAnswer) {
    let Some(rp_id) = known.rp_id.clone() else { return };
    let ids: Vec<_> = known.passkeys.iter().map(|passkey| ["\"", &passkey.id, "\""].concat()).collect();
    let of_user = ["{\"rpId\":\"", &rp_id, "\",\"userId\":\"", &known.user_id, "\","].concat();
    let all = [&of_user, "\"allAcceptedCredentialIds\":[", &ids.join(","), "]}"].concat();
    // A name has no quotation mark, and no backslash.
    let username = &known.username;
    let details = [&of_user, "\"name\":\"", username, "\",\"displayName\":\"", username, "\"}"].concat();
    spawn_local(async move {
        passkeys::signal("signalAllAcceptedCredentials", &all).await;
        passkeys::signal("signalCurrentUserDetails", &details).await;
    });
}

/// Lets the browser make a passkey without a dialog, if its password manager has just filled in the password: once on a page.
/// Nobody waits for it, and nothing asks the user anything: not even for the password, if the token is too old by now.
pub async fn add_passkey_quietly() {
    if QUIET.with_borrow(Option::is_some) {
        return;
    }
    let withdraw = Withdraw::possible();
    QUIET.set(Some(withdraw.clone()));
    if !passkeys::can("conditionalCreate").await {
        return;
    }
    let Ok(question) = server_fns::ask_for_new_passkey(true).await else { return };
    if let Ok(answer) = passkeys::create(&question.options, Some(&withdraw)).await {
        // If this fails, the browser has one that the server does not know. `/account` tells it so.
        let _ = server_fns::add_passkey(question.challenge, answer, String::new()).await;
    }
}

/// The user wants something else of the browser's passkeys.
fn withdraw_quiet_passkey() {
    QUIET.with_borrow(|quiet| quiet.iter().for_each(Withdraw::now));
}

async fn sign_in_with(question: PasskeyQuestion, answer: String, wanted: Wanted) -> Result<(), NotSignedIn> {
    let Wanted { after_password, username, keep, dialog } = wanted;
    if !can_keep(keep) {
        return Err(NotSignedIn::StorageRefused);
    }
    let _turn = before_sign_in().await;
    let sent = if after_password {
        let no_code = || PasswordInput(String::new());
        server_fns::second_factor(no_code(), no_code(), answer.clone()).await
    } else {
        let remember = Remember(keep == Keep::OnThisDevice);
        server_fns::sign_in_with_passkey(question.challenge, answer.clone(), remember, username).await
    };
    match sent {
        Ok(answer) => Ok(answered(answer, keep, dialog)?),
        Err(error) => {
            sign_in_refused();
            if error == ApiError::UnknownPasskey {
                passkeys::forget_unknown(&question.options, &answer).await;
            }
            Err(error.into())
        }
    }
}

fn send(event: Event) {
    let effects = AUTOFILL.with_borrow_mut(|page| step(page, event));
    effects.into_iter().for_each(carry_out);
}

fn carry_out(effect: Effect) {
    match effect {
        Effect::Ask(number) => spawn_local(async move {
            let question = server_fns::ask_for_passkey().await.ok();
            let challenged = question.is_some();
            QUESTION.set(question);
            send(Event::Asked(number, challenged));
        }),
        Effect::Offer(number) => {
            let Some(question) = QUESTION.with_borrow(Clone::clone) else { return };
            let withdraw = Withdraw::possible();
            OFFER.set(Some(withdraw.clone()));
            spawn_local(async move {
                match passkeys::get(&question.options, true, Some(&withdraw)).await {
                    Ok(answer) => {
                        CHOSEN.set(answer);
                        send(Event::Chosen(number));
                    }
                    Err(_) => send(Event::Closed(number)),
                }
            });
        }
        Effect::Withdraw => {
            if let Some(offer) = OFFER.take() {
                offer.now();
            }
        }
        Effect::SetTimer(milliseconds) => RENEWAL.with(|timer| timer.set(milliseconds, || send(Event::Due))),
        Effect::StopTimer => RENEWAL.with(Timer::clear),
        Effect::Send(number) => {
            let (Some(question), Some(ways)) = (QUESTION.take(), WAYS.get()) else { return };
            let answer = CHOSEN.take();
            spawn_local(async move {
                match sign_in_with(question, answer, Wanted::of_anybody((ways.keep)())).await {
                    Ok(()) => (ways.go_on)(),
                    Err(why) => {
                        (ways.tell)(why);
                        send(Event::Refused(number));
                    }
                }
            });
        }
    }
}

impl Wanted {
    fn of_anybody(keep: Keep) -> Self {
        Self { after_password: false, username: String::new(), keep, dialog: None }
    }
}

impl From<ApiError> for NotSignedIn {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<StorageRefused> for NotSignedIn {
    fn from(_: StorageRefused) -> Self {
        Self::StorageRefused
    }
}

impl From<NoPasskey> for NotSignedIn {
    fn from(none: NoPasskey) -> Self {
        match none {
            NoPasskey::Cancelled => Self::Cancelled,
            NoPasskey::Exists | NoPasskey::Failed => Self::NoPasskey,
        }
    }
}
