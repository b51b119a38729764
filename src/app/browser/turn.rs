//! Turns of the tabs: of all tabs of this browser, one at a time sends what can set the cookie of the session.
//!
//! Otherwise an older answer could come after a newer one and overwrite its cookie: tab A renews its session, tab B signs
//! in, and then A's answer puts the session before back. The lock is the browser's (Web Locks API): it ends with the tab.
//! Without it (an old browser, plain http) nobody waits.

use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Promise};
use leptos::prelude::window;
use leptos::web_sys::wasm_bindgen::{self, prelude::*};

/// The longest wait, in milliseconds. A tab that holds its turn for longer is answered late or never, and must not keep
/// the others from signing in. Shorter than `PATIENCE` of `client/values.rs`, so that a renewal that waited can still be
/// answered.
const LONGEST_WAIT: i32 = 8_000;

/// A turn, until it is dropped.
pub struct Turn(Option<Function>);

/// Waits for the turn of this tab.
pub async fn turn() -> Turn {
    let mut end = None;
    let ended = Promise::new(&mut |resolve, _| end = Some(resolve));
    // If the caller gives up while it waits, this ends the turn as soon as it begins.
    let turn = Turn(end);
    let mut asked = None;
    let begun = Promise::new(&mut |begin, _| {
        // Fails only without a window.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&begin, LONGEST_WAIT);
        let ended = ended.clone();
        let hold = Closure::once_into_js(move || {
            call(&begin);
            ended
        });
        asked = request("handstamp.cookie", &hold).ok();
    });
    if let Some(asked) = asked {
        // If the browser refuses, `asked` fails, and nobody waits.
        let _ = JsFuture::from(Promise::race(&Array::of2(&begun, &asked))).await;
    }
    turn
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(end) = &self.0 {
            call(end);
        }
    }
}

/// Resolves a promise.
fn call(resolve: &Function) {
    // Resolving never throws.
    let _ = resolve.call0(&JsValue::UNDEFINED);
}

#[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
extern "C" {
    /// Throws if there is no `navigator.locks`.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"])]
    fn request(name: &str, hold: &JsValue) -> Result<Promise, JsValue>;
}
