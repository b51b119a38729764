//! The password field: the user can make the password readable, and sees when Caps Lock is on.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::web_sys::{Event, wasm_bindgen::JsCast};

use crate::app::components::dom::{Flag, Words};
use crate::app::components::field_problem::FieldProblem;
use crate::app::components::form_problems::Problem;
use crate::app::components::password_rule::PasswordRule;

/// One kind of password: its label, what a browser can fill in, and the ids of its elements.
///
/// The ids differ if one document can have two kinds: a dialog that asks for the password can lie over any page.
pub struct Kind {
    pub label: &'static str,
    pub autocomplete: &'static str,
    pub id: &'static str,
    /// The id of its problem.
    pub problem_id: &'static str,
    pub described_by: &'static str,
    /// A new password has a rule, which the server names.
    pub is_new: bool,
}

/// The password of a user who signs in.
pub const CURRENT: Kind = Kind {
    label: "Password",
    autocomplete: "current-password",
    id: "password",
    problem_id: "password-problem",
    described_by: "password-problem",
    is_new: false,
};

/// The password of a new account.
pub const NEW: Kind =
    Kind { autocomplete: "new-password", described_by: "password-rule password-problem", is_new: true, ..CURRENT };

/// Whether the password is readable, in the words of each attribute.
#[derive(Clone, Copy)]
pub struct Sight {
    kind: Flag,
    pressed: Flag,
    name: Flag,
    words: Words,
}

/// The words of each attribute.
#[derive(Clone, Copy)]
pub struct Looks {
    pub kind: &'static str,
    pub pressed: &'static str,
    pub name: &'static str,
    pub words: &'static str,
}

pub const HIDDEN: Looks = Looks { kind: "password", pressed: "false", name: "Show password", words: "Show" };

pub const READABLE: Looks = Looks { kind: "text", pressed: "true", name: "Hide password", words: "Hide" };

impl Sight {
    pub fn hidden() -> Self {
        Self {
            kind: RwSignal::new(Some(HIDDEN.kind)),
            pressed: RwSignal::new(Some(HIDDEN.pressed)),
            name: RwSignal::new(Some(HIDDEN.name)),
            words: RwSignal::new(HIDDEN.words),
        }
    }

    pub fn hide(self) {
        self.look(&HIDDEN);
    }

    fn toggle(self) {
        self.look(if self.pressed.get_untracked() == Some(READABLE.pressed) { &HIDDEN } else { &READABLE });
    }

    fn look(self, looks: &Looks) {
        self.kind.set(Some(looks.kind));
        self.pressed.set(Some(looks.pressed));
        self.name.set(Some(looks.name));
        self.words.set(looks.words);
    }
}

/// Not controlled: what was typed or filled in before the program loaded stays.
#[component]
pub fn PasswordField(kind: &'static Kind, sight: Sight, problem: Problem) -> impl IntoView {
    let caps_lock = RwSignal::new("");
    let look_at_caps_lock = move |event: KeyboardEvent| caps_lock.set(about_caps_lock(event.into()));
    view! {
        <div class="field">
            <label class="field__label" for=kind.id>{kind.label}</label>
            <div class="field__box">
                <input
                    class="field__input field__input--password"
                    type=sight.kind
                    id=kind.id
                    name=kind.id
                    autocomplete=kind.autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    aria-describedby=kind.described_by
                    aria-invalid=problem.invalid
                    on:keydown=look_at_caps_lock
                    on:keyup=look_at_caps_lock
                />
                <button
                    class="field__show"
                    type="button"
                    aria-pressed=sight.pressed
                    aria-label=sight.name
                    on:click=move |_| sight.toggle()
                >
                    {sight.words}
                </button>
            </div>
            {kind.is_new.then(|| view! { <PasswordRule/> })}
            <p class="field__caps" role="status">{caps_lock}</p>
            <FieldProblem id=kind.problem_id problem/>
        </div>
    }
}

/// Chrome sends plain events named `keydown` when it fills in a form. A question for a modifier key would throw for those.
pub fn about_caps_lock(event: Event) -> &'static str {
    let on = event.dyn_into::<KeyboardEvent>().is_ok_and(|event| event.get_modifier_state("CapsLock"));
    if on { "Caps Lock is on." } else { "" }
}
