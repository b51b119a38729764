//! Elements by their id, where a handler needs one, and the kinds of signals that change them.
//!
//! By id and not by reference, and two kinds of signals where more would be handy: for every kind of reference and of
//! signal the program carries the code once more.

use leptos::prelude::*;
use leptos::web_sys::{HtmlElement, HtmlInputElement, HtmlTextAreaElement, wasm_bindgen::JsCast};

/// An attribute that comes and goes.
pub type Flag = RwSignal<Option<&'static str>>;

/// Words that change. Empty: none.
pub type Words = RwSignal<&'static str>;

/// The heading of a page that changes under its reader.
pub const HEADING: &str = "heading";

/// The input with this id.
pub fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// The text area with this id.
pub fn text_area(id: &str) -> Option<HtmlTextAreaElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// Moves the focus to the element with this id, when what has just changed is in the document.
pub fn focus(id: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(id) {
            // Fails only where the element cannot be focused.
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    });
}
