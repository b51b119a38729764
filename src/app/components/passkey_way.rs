//! The button that signs in with a passkey, below a form. The server writes it hidden: only the program can use it.

use leptos::prelude::*;

/// Its id, for the program.
pub const PASSKEY_WAY: &str = "passkey-way";

#[component]
pub fn PasskeyWay(offered: bool) -> impl IntoView {
    offered.then(|| {
        view! {
            <div class="passkey-way" id=PASSKEY_WAY hidden>
                <button class="button button--wide" type="button" data-part="passkey">
                    <span class="button__label">"Sign in with a passkey"</span>
                </button>
                <p class="field__problem" role="alert" hidden data-part="problem"></p>
            </div>
        }
    })
}
