//! Elements by their id, where a handler needs one, and the kinds of signals that change them.
//!
//! By id and not by reference, and two kinds of signals where more would be handy: for every kind of reference and of
//! signal the program carries the code once more.

use leptos::prelude::*;
use leptos::web_sys::{HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlTextAreaElement, wasm_bindgen::JsCast};

/// An attribute that comes and goes.
pub type Flag = RwSignal<Option<&'static str>>;

/// Words that change. Empty: none.
pub type Words = RwSignal<&'static str>;

/// The heading of a page that changes under its reader.
pub const HEADING: &str = "heading";

/// The id of the header's link to the sign-in form, which takes the place of "Sign out".
pub const SIGN_IN_LINK: &str = "nav-sign-in";

/// The form that asks for a name and a password, where it is the page's own.
pub const FORM: &str = "credentials";

/// The hidden field of that form which says where to go on.
pub const NEXT: &str = "next";

/// What leads on from a page that has nothing else to do on it.
pub const WAY_ON: &str = "way-on";

/// The input with this id.
pub fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// What the input with this id holds.
pub fn value(id: &str) -> String {
    input(id).map(|input| input.value()).unwrap_or_default()
}

/// Replaces what the input with this id holds.
pub fn set_value(id: &str, value: &str) {
    if let Some(input) = input(id) {
        input.set_value(value);
    }
}

/// The text area with this id.
pub fn text_area(id: &str) -> Option<HtmlTextAreaElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// Moves the focus to the element with this id, when what has just changed is in the document.
pub fn focus(id: &'static str) {
    request_animation_frame(move || focus_now(id));
}

/// Moves it at once: what has the focus now is about to go.
pub fn focus_now(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        // Fails only where the element cannot be focused.
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// Whether the element with this id has the focus.
pub fn has_focus(id: &str) -> bool {
    document().active_element().is_some_and(|element| element.id() == id)
}

/// Opens the dialog with this id over the page.
pub fn open_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        // Fails only where it is open already.
        let _ = dialog.show_modal();
    }
}

/// Closes it; where it has the focus, that goes back to what had it before.
pub fn close_dialog(id: &str) {
    if let Some(dialog) = dialog(id) {
        dialog.close();
    }
}

/// The address of the sign-in form, with the way back to this page. The header has it: the server wrote it there, and the
/// head script of `app/shell.rs` adds what only the browser knows.
pub fn sign_in_address() -> String {
    let link = document().get_element_by_id(SIGN_IN_LINK);
    link.and_then(|link| link.get_attribute("href")).unwrap_or_default()
}

fn dialog(id: &str) -> Option<HtmlDialogElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}
