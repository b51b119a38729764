//! Shows how easy a new password is to guess, while the user types it.
//!
//! The server judges, a moment after the last key: it has the lists. It is never asked twice at once, and the newest text
//! wins.

mod judgement;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::StrengthAnswer;
use crate::app::components::asking::Asking;
use crate::app::components::dom::value;
use crate::app::components::piece::Piece;

/// Asks the server for its judgement of a password, with a name.
pub type Judge = fn(String, String) -> Asking<StrengthAnswer>;

/// The pause in typing before the server is asked.
const PAUSE: Duration = Duration::from_millis(300);

const METER: &str = "strength-meter";

#[component]
pub fn StrengthTemplate() -> impl IntoView {
    view! {
        <template id=METER>
            <div class="contents">
                <div
                    class="strength__meter"
                    role="meter"
                    aria-label="How hard the password is to guess"
                    aria-valuemin="0"
                    aria-valuemax="4"
                >
                    {[(); 5].map(|()| view! { <span class="strength__segment"></span> })}
                </div>
                <p class="field__hint strength__words" role="status">
                    <strong></strong>
                    <span data-part="advice"></span>
                </p>
            </div>
        </template>
    }
}

/// Puts the meter at the end of this place in a form, for the password in the field with this id.
pub fn measure(
    place: &Piece,
    field: &'static str,
    // The name as typed so far: a password made from it is easy to guess.
    username: impl Fn() -> String + 'static,
    judge: Judge,
) {
    let meter = Piece::copy_of(METER);
    judgement::show_none(&meter);
    place.add(&meter);
    let watched = Rc::new(Watched {
        meter,
        judge,
        texts: Box::new(move || (username(), value(field))),
        asked: RefCell::default(),
        under_way: Cell::default(),
        due: Cell::default(),
        timer: Cell::default(),
    });
    let form = place.around("form");
    // A form that clears itself reports that before it happens.
    for event in ["input", "reset"] {
        let watched = watched.clone();
        form.on(event, move |_| watched.typed());
    }
    // A browser may have filled in the field before the program loaded.
    watched.look();
}

type Texts = (String, String);

/// What is typed, what was asked, and what was answered.
struct Watched {
    meter: Piece,
    judge: Judge,
    /// Returns name and password, as their fields hold them.
    texts: Box<dyn Fn() -> Texts>,
    /// What the server was asked last. Nothing if it did not answer.
    asked: RefCell<Option<Texts>>,
    under_way: Cell<bool>,
    /// Whether there was another pause while the server was answering.
    due: Cell<bool>,
    timer: Cell<Option<TimeoutHandle>>,
}

impl Watched {
    fn typed(self: &Rc<Self>) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
        let watched = self.clone();
        // Fails only without a window.
        self.timer.set(set_timeout_with_handle(move || watched.look(), PAUSE).ok());
    }

    /// Asks the server, if there is something new to ask.
    fn look(self: &Rc<Self>) {
        let texts = (self.texts)();
        if texts.1.is_empty() {
            self.asked.take();
            return judgement::show_none(&self.meter);
        }
        if self.asked.borrow().as_ref() == Some(&texts) {
            return;
        }
        if self.under_way.get() {
            return self.due.set(true);
        }
        self.asked.replace(Some(texts.clone()));
        self.under_way.set(true);
        let watched = self.clone();
        spawn_local(async move {
            let answer = (watched.judge)(texts.0.clone(), texts.1.clone()).await;
            watched.under_way.set(false);
            // The form may be gone by now.
            if !watched.meter.is_there() {
                return;
            }
            match answer {
                Ok(answer) if (watched.texts)() == texts => judgement::show(&watched.meter, &answer),
                // The answer is about a text that has changed since.
                Ok(_) => {}
                Err(_) => {
                    watched.asked.take();
                    judgement::show_none(&watched.meter);
                }
            }
            if watched.due.take() {
                watched.look();
            }
        });
    }
}
