//! Elements by their id, for handlers that need one, and the kinds of signals that change them.
//!
//! It uses ids instead of references, and only two kinds of signals: each kind of reference and of signal would add its code
//! to the program once more.

use leptos::prelude::*;
use leptos::web_sys::{HtmlDialogElement, HtmlElement, HtmlInputElement, wasm_bindgen::JsCast};

/// An attribute that is set or removed.
pub type Flag = RwSignal<Option<&'static str>>;

/// Words that change. Empty: none.
pub type Words = RwSignal<&'static str>;

/// The heading of a page whose contents change.
pub const HEADING: &str = "heading";

/// The id of the header's link to the sign-in form, which replaces "Sign out".
pub const SIGN_IN_LINK: &str = "nav-sign-in";

/// The page's own form for a name and a password.
pub const FORM: &str = "credentials";

/// The hidden field of that form with the page to go to next.
pub const NEXT: &str = "next";

/// The link of a page that offers nothing else to do.
pub const WAY_ON: &str = "way-on";

/// Returns the input with this id.
pub fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// Returns the value of the input with this id.
pub fn value(id: &str) -> String {
    input(id).map(|input| input.value()).unwrap_or_default()
}

/// Replaces the value of the input with this id.
pub fn set_value(id: &str, value: &str) {
    if let Some(input) = input(id) {
        input.set_value(value);
    }
}

/// Moves the focus to the element with this id, after the document has changed.
pub fn focus(id: &'static str) {
    request_animation_frame(move || focus_now(id));
}

/// Moves the focus immediately: the element that has it is about to be removed.
pub fn focus_now(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        // Fails only if the element cannot have the focus.
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// Returns whether the element with this id has the focus.
pub fn has_focus(id: &str) -> bool {
    document().active_element().is_some_and(|element| element.id() == id)
}

/// Opens the dialog with this id over the page.
pub fn open_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        // Fails only if it is already open.
        let _ = dialog.show_modal();
    }
}

/// Closes it. If it has the focus, the focus goes back to the element that had it before.
pub fn close_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        dialog.close();
    }
}

/// Returns the address of the sign-in form, with the way back to this page. The server wrote it into the header, and the
/// head script of `app/shell.rs` adds what only the browser knows.
pub fn sign_in_address() -> String {
    let link = document().get_element_by_id(SIGN_IN_LINK);
    link.and_then(|link| link.get_attribute("href")).unwrap_or_default()
}

fn dialog(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}
