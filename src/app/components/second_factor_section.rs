//! The second factors on `/account`: what the user has, and a way to change it. What changes it is in `manage_factors.rs`: most
//! visits do not need it, so it is a file of its own.

use leptos::prelude::*;

use crate::api_types::FactorsAnswer;
use crate::app::components::copy_command::CopyCommand;
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::piece::Piece;

/// Part of another template.
#[component]
pub fn SecondFactorSection() -> impl IntoView {
    let problems = Problems::none("totp-problems");
    view! {
        <div class="form" id="second-factor">
            <p class="problems" role="alert" hidden data-part="factor-problem"></p>
            <p class="notice notice--warn" hidden data-part="factor-required"></p>
            <p tabindex="-1" data-part="totp-state"></p>
            <p hidden data-part="codes-left"></p>
            <button class="button" type="button" data-part="factors-change"></button>
            <div class="section__ways">
                <button class="button button--ink" type="button" hidden data-part="totp-add">
                    <span class="button__label">{ADD}</span>
                </button>
                <button class="button" type="button" hidden data-part="codes-new">
                    <span class="button__label">"Make new recovery codes"</span>
                </button>
                <button class="button button--bad" type="button" hidden data-part="totp-remove">"Remove the app"</button>
            </div>
            <div class="form" hidden data-part="totp-sure">
                <p tabindex="-1" data-part="totp-sure-words">
                    "Without the app, a sign-in asks for your password alone, and your recovery codes stop working."
                </p>
                <div class="section__ways">
                    <button class="button" type="button" data-part="totp-keep">"Keep it"</button>
                    <button class="button button--bad" type="button" data-part="totp-remove-now">
                        <span class="button__label">"Remove"</span>
                    </button>
                </div>
            </div>
            <div class="form" hidden data-part="totp-setup">
                <p tabindex="-1" data-part="totp-setup-words">
                    "Scan this picture with an authenticator app, or type the secret into it. Then enter the code that it shows."
                </p>
                <div class="qr" role="img" aria-label="The secret as a QR code" data-part="qr"></div>
                <div>
                    <p class="field__label">"Secret"</p>
                    <p class="code"><code data-part="secret"></code></p>
                    <p><a data-part="uri">"Open it in an app on this device"</a></p>
                </div>
                <form class="form" method="post" action="/api/confirm-totp" novalidate>
                    <FormProblems problems/>
                    <div class="field">
                        <label class="field__label" for=CODE>"Code that the app shows now"</label>
                        <input
                            class="field__input field__input--code"
                            type="text"
                            id=CODE
                            inputmode="numeric"
                            autocomplete="one-time-code"
                            spellcheck="false"
                        />
                    </div>
                    <button class="button button--ink" type="submit">
                        <span class="button__label">"Confirm"</span>
                    </button>
                </form>
            </div>
            <div class="recovery-codes" hidden data-part="codes">
                <h3 tabindex="-1" data-part="codes-title">"Your recovery codes"</h3>
                <p>
                    "Each of them replaces a code of the app once, if you have lost your phone. They are shown only now: print them, or put them into your password manager."
                </p>
                <pre class="code" data-part="codes-text"></pre>
                <CopyCommand what="Recovery codes"/>
                <button class="button button--small" type="button" data-part="codes-print">"Print"</button>
            </div>
        </div>
    }
}

/// Shows what the user has. `change` makes the rest of the section work; the user has asked for it.
pub fn second_factor_section(place: &Piece, factors: &FactorsAnswer, change: fn(Piece)) {
    show_factors(place, factors);
    let (section, button) = (place.clone(), place.part("factors-change"));
    button.clone().on("click", move |_| {
        // It stays busy until the button is gone, or `change` gives up.
        if button.get("aria-busy").is_empty() {
            button.set("aria-busy", "true");
            change(section.clone());
        }
    });
}

/// Shows what the user has.
pub fn show_factors(place: &Piece, factors: &FactorsAnswer) {
    let FactorsAnswer { totp, recovery_codes, required, .. } = *factors;
    let any = factors.any();
    place.part("totp-state").say(if totp { APP } else { NO_APP });
    let demand = match (required, any) {
        (false, _) => "",
        (true, false) => "This server requires a second factor. Set one up to go on.",
        (true, true) => "This server requires your second factor. Sign out, and sign in again with it, to go on.",
    };
    place.part("factor-required").complain(demand);
    let left = ["Recovery codes that are left: ", &recovery_codes.to_string(), "."].concat();
    place.part("codes-left").complain(if any { &left } else { "" });
    place.part("factors-change").say(if any { "Change" } else { ADD });
}

const APP: &str = "An authenticator app is set up. After your password, a sign-in asks for a code of it.";
const NO_APP: &str = "No authenticator app is set up. With one, nobody who learns your password can sign in with it.";

const ADD: &str = "Set up an authenticator app";

/// The id of the field for the code that confirms an app.
pub const CODE: &str = "totp-code";
