//! Carries out the effects of the state machine with the browser, and sends the answers back as events. It decides nothing.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::{ApiError, GreetingAnswer, SignedInAnswer};
use crate::app::browser::clock::{self, Timer as Clock};
use crate::app::browser::request::Request;
use crate::app::browser::turn::{Turn, turn};
use crate::app::browser::{document, marker, storage};
use crate::app::client::promise::{Outcome, Promise};
use crate::app::client::state::page::Page;
use crate::app::client::state::step;
use crate::app::client::values::{Door, Effect, Event, Greeting, Keeping, Moment, Renewed, SignedIn, Why};
use crate::app::server_fns;

/// What the dialog that asks for the password needs.
pub struct Asked {
    pub number: u32,
    /// Why the session is over; none if the user only confirms an action.
    pub why: Option<Why>,
    /// Whose password, if that is known.
    pub name: Option<String>,
    /// Kept when the dialog has nothing to ask any more.
    pub over: Rc<Promise>,
}

/// What is loaded when it is needed.
#[derive(Clone, Copy)]
pub struct LatePieces {
    /// Opens the dialog for signing in again.
    pub dialog: fn(Asked),
    /// Lets the browser make a passkey quietly.
    pub quiet_passkey: fn(),
}

/// Where a user sets up a second factor.
const ENROLMENT: &str = "/account";

/// What islands follow.
static SIGNED_IN: LazyLock<ArcRwSignal<SignedIn>> = LazyLock::new(|| ArcRwSignal::new(SignedIn::Unknown));

thread_local! {
    static PAGE: RefCell<Page> = const { RefCell::new(Page::new()) };
    /// One for each [`Timer`](crate::app::client::values::Timer), and one for each [`Door`].
    static TIMERS: [Clock; 4] = const { [const { Clock::new() }; 4] };
    static REQUESTS: [RefCell<Option<Request<Event>>>; 2] = const { [const { RefCell::new(None) }; 2] };
    /// Calls and forms that wait, by their number.
    static WAITING: RefCell<Vec<(u32, Rc<Promise>)>> = const { RefCell::new(Vec::new()) };
    static LAST_NUMBER: Cell<u32> = const { Cell::new(0) };
    static LATE: Cell<LatePieces> = const { Cell::new(LatePieces { dialog: |_| {}, quiet_passkey: || {} }) };
    static DIALOG: RefCell<Option<Rc<Promise>>> = const { RefCell::new(None) };
}

/// Starts the driver.
pub fn start(pieces: LatePieces) {
    LATE.set(pieces);
    storage::tidy();
    // The server has seen the cookie of a live session: it said so in the document, and the head script kept that.
    let server_says = document::attribute("data-server-says").as_deref() == Some("yes");
    send(Event::Started { stored: storage::read(), server_says });
}

/// Returns who is signed in. An effect or a view that reads it follows it.
#[must_use]
pub fn signed_in() -> SignedIn {
    SIGNED_IN.get()
}

/// Reads what the state machine knows.
pub fn known<T>(read: impl FnOnce(&Page) -> T) -> T {
    PAGE.with_borrow(read)
}

/// Handles an event. An effect leads to another event only later, except `Keep`, which is the last effect of its event.
pub fn send(event: Event) {
    let (marker, marker_changed) = marker::look();
    let token = storage::token().is_some();
    let moment = Moment { now: clock::now(), hidden: document::is_hidden(), token, marker, marker_changed };
    let effects = PAGE.with_borrow_mut(|page| step(page, event, moment));
    effects.into_iter().for_each(carry_out);
}

/// Calls a protected door. If the token is not enough, the session is renewed, or a dialog asks for the password; then the
/// call is repeated once.
///
/// # Errors
/// Those of the door, if nothing helped.
pub async fn call<T, F>(ask: impl Fn() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    call_erased(&|| Box::pin(ask())).await
}

/// One copy for each kind of answer, not one for each door.
async fn call_erased<T>(ask: &dyn Fn() -> Pin<Box<dyn Future<Output = Result<T, ApiError>>>>) -> Result<T, ApiError> {
    let number = next_number();
    let mut refused = None;
    loop {
        // Not the event: it would be compiled into every call.
        permission(number, refused).await?;
        match ask().await {
            Ok(answer) => {
                send(Event::CallAnswered(number));
                return Ok(answer);
            }
            Err(error) => refused = Some(error),
        }
    }
}

/// Asks for the greeting, which also tells who the user is and how long the token lives.
///
/// # Errors
/// Those of [`server_fns::greeting`].
pub async fn greet() -> Result<GreetingAnswer, ApiError> {
    let user = known(Page::user);
    let answer = call(server_fns::greeting).await?;
    let greeting = Greeting {
        name: answer.username.clone(),
        admin: answer.roles.iter().any(|role| role == "admin"),
        issued_at: answer.issued_at,
        lifetime: answer.lifetime,
        expires_in: answer.expires_in,
    };
    send(Event::Greeted { user, greeting });
    if answer.must_enrol {
        document::lead_to(ENROLMENT);
    }
    if answer.may_add_passkey {
        (LATE.get().quiet_passkey)();
    }
    Ok(answer)
}

/// Waits until a form can send a password: until no open renewal, of this tab or another, can change the cookie. Hold the
/// turn until the answer has come.
pub async fn before_sign_in() -> Turn {
    let number = next_number();
    // A form is never told to stop.
    let _ = answer_to(number, Event::SignInBegins(number)).outcome().await;
    turn().await
}

/// Asks whether a call can be sent, or sent again after a refusal.
async fn permission(number: u32, refused: Option<ApiError>) -> Outcome {
    let event = match refused {
        None => Event::CallBegins(number),
        Some(error) => Event::CallRefused(number, error),
    };
    answer_to(number, event).outcome().await
}

/// Sends an event that is answered by `Go` or `Fail`.
fn answer_to(number: u32, event: Event) -> Rc<Promise> {
    let promise = Rc::new(Promise::default());
    WAITING.with_borrow_mut(|waiting| waiting.push((number, promise.clone())));
    send(event);
    promise
}

/// Returns a new number for a call or a form.
fn next_number() -> u32 {
    LAST_NUMBER.set(LAST_NUMBER.get().wrapping_add(1));
    LAST_NUMBER.get()
}

fn carry_out(effect: Effect) {
    match effect {
        Effect::Send(door) => {
            let request = Request::send(
                match door {
                    Door::Refresh => Box::pin(async {
                        let _turn = turn().await;
                        Event::RenewalAnswered(server_fns::refresh().await.map(renewed))
                    }),
                    Door::Logout => Box::pin(async { Event::LogoutAnswered(server_fns::logout().await) }),
                },
                send,
            );
            REQUESTS.with(|requests| requests[door as usize].replace(Some(request)));
        }
        Effect::GiveUp(door) => {
            if let Some(request) = REQUESTS.with(|requests| requests[door as usize].take()) {
                request.give_up();
            }
        }
        Effect::SetTimer(timer, milliseconds) => {
            TIMERS.with(|timers| timers[timer as usize].set(milliseconds, move || send(Event::Due(timer))));
        }
        Effect::StopTimer(timer) => TIMERS.with(|timers| timers[timer as usize].clear()),

        Effect::Keep(token, keeping) => send(Event::Kept(keeping, keep(&token, keeping))),
        Effect::Forget => storage::forget(),
        Effect::ForgetOwn => storage::forget_own(),

        Effect::Mark(keep) => marker::mark(keep),
        Effect::MarkIfUnmarked => marker::mark_if_unmarked(),
        Effect::MarkSignedOut => marker::mark_signed_out(),
        Effect::Unmark => marker::unmark(),
        Effect::UnmarkSignedOut => marker::unmark_signed_out(),
        Effect::RestoreMarker => marker::restore(),
        Effect::RememberMarker => marker::remember(),

        Effect::Go(number) => tell(number, Ok(())),
        Effect::Fail(number, error) => tell(number, Err(error)),

        Effect::AskGreeting(whose) => spawn_local(async move {
            let known = greet().await.is_ok();
            if let Some(session) = whose {
                send(Event::WhoseAnswered { session, known });
            }
        }),
        Effect::OpenDialog { number, why } => {
            let over = Rc::new(Promise::default());
            DIALOG.set(Some(over.clone()));
            (LATE.get().dialog)(Asked { number, why, name: known(Page::name), over });
        }
        Effect::CloseDialog => {
            if let Some(dialog) = DIALOG.take() {
                dialog.keep(Ok(()));
            }
        }

        Effect::Show(signed_in) => {
            SIGNED_IN.set(signed_in);
            document::mark("data-signed-in", matches!(signed_in, SignedIn::Yes(_)));
        }
        Effect::ShowAdmin(admin) => document::mark("data-admin", admin),
    }
}

fn renewed(answer: SignedInAnswer) -> Renewed {
    Renewed { token: answer.access_token, expires_in: answer.expires_in }
}

/// Returns whether the browser keeps the token.
fn keep(token: &str, keeping: Keeping) -> bool {
    match keeping.new {
        Some(new) => storage::keep(token, new.keep),
        None => storage::renew(token, marker::kept()),
    }
    .is_ok()
}

/// Tells the call or form of this number how it goes on.
fn tell(number: u32, outcome: Outcome) {
    let waiting = WAITING.with_borrow_mut(|waiting| {
        let at = waiting.iter().position(|(waits, _)| *waits == number)?;
        Some(waiting.swap_remove(at).1)
    });
    if let Some(promise) = waiting {
        promise.keep(outcome);
    }
}
