//! Shows how easy a new password is to guess, while the user types it.
//!
//! The server judges, a moment after the last key: it has the lists. It is never asked twice at once, and the newest text
//! wins.

mod judgement;

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};

use crate::api_types::StrengthAnswer;
use crate::app::components::asking::Asking;
use crate::app::components::dom::value;
use judgement::Judgement;

/// Asks the server for its judgement of a password, with a name.
pub type Judge = fn(String, String) -> Asking<StrengthAnswer>;

/// The pause in typing before the server is asked.
const PAUSE: Duration = Duration::from_millis(300);

#[component]
pub fn StrengthMeter(
    /// The id of the password's field.
    field: &'static str,
    /// The name as typed so far: a password made from it is easy to guess.
    username: impl Fn() -> String + 'static,
    judge: Judge,
) -> impl IntoView {
    let judgement = Judgement::none();
    let watched = Watched {
        judgement,
        judge,
        texts: StoredValue::new_local(Box::new(move || (username(), value(field)))),
        asked: StoredValue::new(None),
        under_way: StoredValue::new(false),
        due: StoredValue::new(false),
        timer: StoredValue::new_local(None),
    };
    let typed = window_event_listener(ev::input, move |_| watched.typed());
    // A form that clears itself reports that before it happens.
    let reset = window_event_listener(ev::reset, move |_| watched.typed());
    on_cleanup(move || {
        typed.remove();
        reset.remove();
        watched.forget_timer();
    });
    // A browser may have filled in the field before the program loaded.
    watched.look();

    view! {
        <div
            class="strength__meter"
            role="meter"
            aria-label="How hard the password is to guess"
            aria-valuemin="0"
            aria-valuemax="4"
            aria-valuenow=move || judgement.score.get().unwrap_or("0")
            aria-valuetext=judgement.spoken
            data-score=judgement.score
        >
            {[(); 5].map(|()| view! { <span class="strength__segment"></span> })}
        </div>
        <p class="field__hint strength__words" role="status">
            <strong>{judgement.word}</strong>
            {judgement.advice}
        </p>
    }
}

type Texts = (String, String);

/// What is typed, what was asked, and what was answered.
#[derive(Clone, Copy)]
struct Watched {
    judgement: Judgement,
    judge: Judge,
    /// Returns name and password, as their fields hold them.
    texts: StoredValue<Box<dyn Fn() -> Texts>, LocalStorage>,
    /// What the server was asked last. Nothing if it did not answer.
    asked: StoredValue<Option<Texts>>,
    under_way: StoredValue<bool>,
    /// Whether there was another pause while the server was answering.
    due: StoredValue<bool>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
}

impl Watched {
    fn typed(self) {
        self.forget_timer();
        let timer = set_timeout_with_handle(move || self.look(), PAUSE);
        // Fails only without a window.
        self.timer.set_value(timer.ok());
    }

    fn forget_timer(self) {
        if let Some(Some(timer)) = self.timer.try_update_value(Option::take) {
            timer.clear();
        }
    }

    /// Asks the server, if there is something new to ask.
    fn look(self) {
        let texts = self.now();
        if texts.1.is_empty() {
            self.asked.set_value(None);
            return self.judgement.show_none();
        }
        if self.asked.with_value(|asked| asked.as_ref() == Some(&texts)) {
            return;
        }
        if self.under_way.get_value() {
            return self.due.set_value(true);
        }
        self.asked.set_value(Some(texts.clone()));
        self.under_way.set_value(true);
        spawn_local(async move {
            let answer = (self.judge)(texts.0.clone(), texts.1.clone()).await;
            // The form may be gone by now.
            if self.under_way.try_set_value(false).is_some() {
                return;
            }
            match answer {
                Ok(answer) if self.now() == texts => self.judgement.show(&answer),
                // The answer is about a text that has changed since.
                Ok(_) => {}
                Err(_) => {
                    self.asked.set_value(None);
                    self.judgement.show_none();
                }
            }
            if self.due.try_update_value(std::mem::take) == Some(true) {
                self.look();
            }
        });
    }

    fn now(self) -> Texts {
        self.texts.with_value(|texts| texts())
    }
}
