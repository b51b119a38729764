//! The second factors on `/account`: an authenticator app, and recovery codes.

use leptos::prelude::*;

use crate::api_types::{ApiError, BegunTotpAnswer, FactorsAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::copy_command::{CopyCommand, copies};
use crate::app::components::dom::{set_value, value};
use crate::app::components::form_problems::{FormProblems, Problems};
use crate::app::components::live_form::LiveForm;
use crate::app::components::piece::Piece;
use crate::app::components::sentences::{WRONG_CODE, trouble};

/// What the section can ask the server.
#[derive(Clone, Copy)]
pub struct FactorDoors {
    pub list: fn() -> Asking<FactorsAnswer>,
    pub begin: fn() -> Asking<BegunTotpAnswer>,
    /// Takes a code of the app, and returns recovery codes.
    pub confirm: fn(String) -> Asking<Vec<String>>,
    pub remove: fn() -> Asking<()>,
    pub renew_codes: fn() -> Asking<Vec<String>>,
}

/// Part of another template.
#[component]
pub fn SecondFactorSection() -> impl IntoView {
    let problems = Problems::none("totp-problems");
    view! {
        <div class="form" id="second-factor">
            <p class="problems" role="alert" hidden data-part="factor-problem"></p>
            <p class="notice notice--warn" hidden data-part="factor-required"></p>
            <p data-part="totp-state"></p>
            <p hidden data-part="codes-left"></p>
            <div class="section__ways">
                <button class="button button--ink" type="button" hidden data-part="totp-add">
                    <span class="button__label">"Set up an authenticator app"</span>
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

/// Makes the section inside work.
pub fn second_factor_section(place: &Piece, factors: &FactorsAnswer, doors: FactorDoors) {
    let section = Section { place: place.clone(), doors };
    section.show(factors);
    let text = place.part("codes-text");
    copies(place, move || text.text());
    place.part("codes-print").on("click", |_| {
        // Fails only in a sandbox.
        let _ = window().print();
    });
    section.sets_up();
    section.removes();
    let renewing = section.clone();
    let button = place.part("codes-new");
    button.clone().on("click", move |_| {
        let section = renewing.clone();
        button.ask(doors.renew_codes, move |answer| section.show_codes(answer));
    });
}

#[derive(Clone)]
struct Section {
    place: Piece,
    doors: FactorDoors,
}

impl Section {
    /// Shows what the user has, and nothing that was open.
    fn show(&self, factors: &FactorsAnswer) {
        let FactorsAnswer { totp, passkeys, recovery_codes, required } = *factors;
        let any = totp || passkeys > 0;
        self.place.part("totp-state").say(if totp { APP } else { NO_APP });
        let demand = match (required, any) {
            (false, _) => "",
            (true, false) => "This server requires a second factor. Set one up to go on.",
            (true, true) => "This server requires your second factor. Sign out, and sign in again with it, to go on.",
        };
        self.place.part("factor-required").complain(demand);
        let left = ["Recovery codes that are left: ", &recovery_codes.to_string(), "."].concat();
        self.place.part("codes-left").say(&left);
        for (part, shown) in [
            ("totp-add", !totp),
            ("totp-remove", totp),
            ("codes-new", any),
            ("codes-left", any),
            ("totp-setup", false),
            ("totp-sure", false),
            ("codes", false),
        ] {
            self.place.part(part).show(shown);
        }
        self.complain("");
    }

    fn sets_up(&self) {
        let (section, button) = (self.clone(), self.place.part("totp-add"));
        button.clone().on("click", move |_| {
            let section = section.clone();
            button.ask(section.doors.begin, move |answer| match answer {
                Ok(begun) => section.show_secret(&begun),
                Err(error) => section.fail(error),
            });
        });
        let form = LiveForm::inside(&self.place.part("totp-setup"), &[]);
        let (section, sent) = (self.clone(), form.clone());
        form.on_submit(move || {
            let code = value(CODE);
            if code.trim().is_empty() {
                return sent.say(&["Enter the code that the app shows."]);
            }
            let (section, form) = (section.clone(), sent.clone());
            let confirm = section.doors.confirm;
            sent.ask(
                || confirm(code),
                move |answer| match answer {
                    Err(ApiError::BadSecondFactor) => {
                        set_value(CODE, "");
                        form.say(&[WRONG_CODE]);
                    }
                    answer => {
                        form.forget();
                        section.show_codes(answer);
                    }
                },
            );
        });
    }

    fn show_secret(&self, begun: &BegunTotpAnswer) {
        if let Some(picture) = self.place.part("qr").element() {
            // Drawn by our server, with attributes only: `domain/totp.rs`.
            picture.set_inner_html(&begun.svg);
        }
        self.place.part("secret").say(&begun.secret);
        self.place.part("uri").set("href", &begun.uri);
        self.place.part("totp-add").show(false);
        self.place.part("totp-setup").show(true);
        self.place.part("totp-setup-words").focus();
        self.complain("");
    }

    fn removes(&self) {
        let part = |name| self.place.part(name);
        let (sure, words) = (part("totp-sure"), part("totp-sure-words"));
        part("totp-remove").on("click", move |_| {
            sure.show(true);
            words.focus();
        });
        let sure = part("totp-sure");
        part("totp-keep").on("click", move |_| sure.show(false));
        let (section, button) = (self.clone(), part("totp-remove-now"));
        button.clone().on("click", move |_| {
            let section = section.clone();
            button.ask(section.doors.remove, move |answer| match answer {
                Ok(()) => section.look_again(),
                Err(error) => section.fail(error),
            });
        });
    }

    /// Shows new codes. Nothing of the secret stays in the document.
    fn show_codes(&self, answer: Result<Vec<String>, ApiError>) {
        let codes = match answer {
            Ok(codes) => codes,
            Err(error) => return self.fail(error),
        };
        self.place.part("codes-text").say(&codes.join("\n"));
        for part in ["qr", "secret"] {
            self.place.part(part).say("");
        }
        self.place.part("uri").unset("href");
        set_value(CODE, "");
        self.look_again_with(true);
    }

    fn look_again(&self) {
        self.look_again_with(false);
    }

    /// Asks what the user has by now. `codes`: with the new codes below it.
    fn look_again_with(&self, codes: bool) {
        let section = self.clone();
        self.place.part("totp-state").ask(self.doors.list, move |answer| {
            match answer {
                Ok(factors) => section.show(&factors),
                Err(error) => section.fail(error),
            }
            section.place.part("codes").show(codes);
            section.place.part(if codes { "codes-title" } else { "totp-add" }).focus();
        });
    }

    fn fail(&self, error: ApiError) {
        self.complain(trouble(error));
    }

    fn complain(&self, words: &str) {
        self.place.part("factor-problem").complain(words);
    }
}

const APP: &str = "An authenticator app is set up. After your password, a sign-in asks for a code of it.";
const NO_APP: &str = "No authenticator app is set up. With one, nobody who learns your password can sign in with it.";

const CODE: &str = "totp-code";
