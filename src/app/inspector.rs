//! The inspector: takes a token apart and checks it in the browser. Nothing of it leaves the page.
//!
//! The page (`pages/inspector.rs`) holds every element and every explanation, rendered by the server. This code fills and
//! marks them by their ids, so the program has no markup and few words that only this page needs.

mod checks;
mod elements;
mod examples;
mod member_lists;
mod mistakes;
mod signature;
mod times;
mod verdict;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::{Element, Event, wasm_bindgen::JsCast};

use crate::app::client;
use crate::app::inspector::elements::{SECRET, TOKEN};
use crate::app::inspector::verdict::Verdict;
use crate::app::unverified_jwt::UnverifiedJwt;

/// How often the times are updated.
const TICK: Duration = Duration::from_secs(1);

thread_local! {
    /// Counts the changes of the input: a late verdict on a signature must not be shown for another token.
    static LOOKS: Cell<u32> = const { Cell::new(0) };
    /// What is shown now, for the next tick.
    static SHOWN: RefCell<Option<(UnverifiedJwt, Verdict)>> = const { RefCell::new(None) };
}

/// Listens to the page, and starts.
pub fn start() {
    let typed = window_event_listener(ev::input, |event| {
        if target(&event).is_some_and(|element| [TOKEN, SECRET].contains(&element.id().as_str())) {
            look();
        }
    });
    let clicked = window_event_listener(ev::click, |event| {
        let wish = target(&event).and_then(|element| element.get_attribute("data-do"));
        if wish.is_some_and(|wish| act(&wish)) {
            look();
        }
    });
    // Both listen as long as the page lives.
    std::mem::forget((typed, clicked));
    // Fails only without a window.
    let _ = set_interval_with_handle(tick, TICK);
    // A browser keeps the contents of fields over a reload.
    look();
}

/// Does what a button asks for. Returns whether there is something new to check.
fn act(wish: &str) -> bool {
    match wish {
        "mine" => elements::set_token(&client::token().unwrap_or_default()),
        "mend" => elements::set_token(&mistakes::mend(&elements::token())),
        "empty" => {
            elements::set_token("");
            elements::set_secret("");
        }
        example => {
            let Some((token, secret)) = examples::make(example) else { return false };
            elements::set_token(&token);
            elements::set_secret(secret);
        }
    }
    true
}

/// Takes apart the contents of the field, and checks it.
fn look() {
    let number = LOOKS.get().wrapping_add(1);
    LOOKS.set(number);
    let (text, secret) = (elements::token(), elements::secret());
    let jwt = UnverifiedJwt::read(&text);
    elements::colour(&jwt.parts);
    mistakes::name(&text, &jwt, &secret);
    member_lists::show(&jwt);
    let attempt = signature::attempt(&jwt, &secret);
    let (verdict, attempt) = match attempt {
        Ok(attempt) => (Verdict::open("Checking"), Some(attempt)),
        Err(verdict) => (verdict, None),
    };
    show(jwt, verdict, text.is_empty());
    if let Some(attempt) = attempt {
        spawn_local(async move {
            let verdict = attempt.verdict().await;
            if LOOKS.get() == number
                && let Some((jwt, _)) = SHOWN.take()
            {
                show(jwt, verdict, false);
            }
        });
    }
}

fn show(jwt: UnverifiedJwt, signature: Verdict, empty: bool) {
    elements::show("inspected", !empty);
    checks::show(&jwt, &signature);
    SHOWN.set(Some((jwt, signature)));
}

fn tick() {
    SHOWN.with_borrow(|shown| {
        if let Some((jwt, signature)) = shown {
            member_lists::tell_times(jwt);
            checks::show(jwt, signature);
        }
    });
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}
