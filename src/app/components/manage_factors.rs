//! Changes the second factors on `/account`: sets up and removes an authenticator app, and makes recovery codes. The elements are
//! those of `second_factor_section.rs`.

use leptos::prelude::window;

use crate::api_types::{ApiError, BegunTotpAnswer, FactorsAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::copy_command::copies;
use crate::app::components::dom::{set_value, value};
use crate::app::components::live_form::LiveForm;
use crate::app::components::piece::Piece;
use crate::app::components::second_factor_section::{CODE, show_factors};
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

/// Makes the section inside work, and asks what the user has by now. If that is nothing, begins to set up an app.
pub fn manage_factors(place: &Piece, doors: FactorDoors) {
    place.part("factors-change").remove();
    let section = Section { place: place.clone(), doors };
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
    section.look_again(Then::BeginIfNone);
}

/// What follows when the server has said what the user has.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    BeginIfNone,
    ShowCodes,
}

#[derive(Clone)]
struct Section {
    place: Piece,
    doors: FactorDoors,
}

impl Section {
    /// Shows what the user has and can do, and nothing that was open.
    fn show(&self, factors: &FactorsAnswer) {
        show_factors(&self.place, factors);
        for (part, shown) in [
            ("totp-add", !factors.totp),
            ("totp-remove", factors.totp),
            ("codes-new", factors.any()),
            ("totp-setup", false),
            ("totp-sure", false),
            ("codes", false),
        ] {
            self.place.part(part).show(shown);
        }
        self.complain("");
    }

    fn sets_up(&self) {
        let section = self.clone();
        self.place.part("totp-add").on("click", move |_| section.begin());
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

    fn begin(&self) {
        let section = self.clone();
        self.place.part("totp-add").ask(self.doors.begin, move |answer| match answer {
            Ok(begun) => section.show_secret(&begun),
            Err(error) => section.fail(error),
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
                Ok(()) => section.look_again(Then::Nothing),
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
        self.look_again(Then::ShowCodes);
    }

    /// Asks what the user has by now.
    fn look_again(&self, then: Then) {
        let section = self.clone();
        self.place.part("totp-state").ask(self.doors.list, move |answer| {
            let any = answer.as_ref().is_ok_and(FactorsAnswer::any);
            match answer {
                Ok(factors) => section.show(&factors),
                Err(error) => return section.fail(error),
            }
            match then {
                Then::BeginIfNone if !any => section.begin(),
                Then::ShowCodes => {
                    section.place.part("codes").show(true);
                    section.place.part("codes-title").focus();
                }
                // The button that had the focus is gone.
                Then::BeginIfNone | Then::Nothing => section.place.part("totp-state").focus(),
            }
        });
    }

    fn fail(&self, error: ApiError) {
        self.complain(trouble(error));
    }

    fn complain(&self, words: &str) {
        self.place.part("factor-problem").complain(words);
    }
}
