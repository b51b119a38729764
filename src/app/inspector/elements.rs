//! The elements of `pages/inspector.rs`, by their ids. The two change together.

use leptos::prelude::document;
use leptos::web_sys::{Element, HtmlInputElement, HtmlTextAreaElement, wasm_bindgen::JsCast};

pub const TOKEN: &str = "token";
pub const SECRET: &str = "secret";
/// Holds what the page knows about this server: `data-issuer`, `data-audience`, `data-jwks`.
pub const FACTS: &str = "facts";

/// Returns the contents of the token's field.
pub fn token() -> String {
    find(TOKEN).map(|field| field.unchecked_into::<HtmlTextAreaElement>().value()).unwrap_or_default()
}

pub fn set_token(text: &str) {
    if let Some(field) = find(TOKEN) {
        field.unchecked_into::<HtmlTextAreaElement>().set_value(text);
    }
}

/// Returns the contents of the secret's field.
pub fn secret() -> String {
    find(SECRET).map(|field| field.unchecked_into::<HtmlInputElement>().value()).unwrap_or_default()
}

pub fn set_secret(text: &str) {
    if let Some(field) = find(SECRET) {
        field.unchecked_into::<HtmlInputElement>().set_value(text);
    }
}

/// Returns what the page knows about this server. Empty: nothing.
pub fn fact(name: &str) -> String {
    find(FACTS).and_then(|facts| facts.get_attribute(name)).unwrap_or_default()
}

/// Sets the words of an element. Leaves equal words alone: a screen reader would read them again, and a selection would
/// be lost.
pub fn set_text(id: &str, text: &str) {
    if let Some(element) = find(id)
        && element.text_content().as_deref() != Some(text)
    {
        element.set_text_content(Some(text));
    }
}

/// Sets a mark that the style sheet reads.
pub fn set_state(id: &str, state: &str) {
    if let Some(element) = find(id) {
        // Fails only for an invalid name.
        let _ = element.set_attribute("data-state", state);
    }
}

pub fn show(id: &str, shown: bool) {
    if let Some(element) = find(id) {
        // As above.
        let _ = if shown { element.remove_attribute("hidden") } else { element.set_attribute("hidden", "") };
    }
}

/// Sets the coloured text behind the field: three parts, and everything after them.
pub fn colour(parts: &[String]) {
    let part = |index: usize| parts.get(index).map_or("", String::as_str);
    let dot = |index: usize| if parts.len() > index { "." } else { "" };
    set_text("colour-header", part(0));
    set_text("colour-dot-1", dot(1));
    set_text("colour-claims", part(1));
    set_text("colour-dot-2", dot(2));
    set_text("colour-signature", part(2));
    set_text(
        "colour-rest",
        &parts.get(3..).map(|rest| [&[String::new()], rest].concat().join(".")).unwrap_or_default(),
    );
}

/// Returns the words of an element that explains something.
pub fn words_of(id: &str) -> Option<String> {
    find(id)?.text_content()
}

/// Returns a list after removing its rows.
pub fn emptied(id: &str) -> Option<Element> {
    let list = find(id)?;
    list.set_text_content(None);
    Some(list)
}

/// Adds an element with these words.
pub fn add(parent: &Element, tag: &str, class: &str, words: &str) -> Option<Element> {
    let element = document().create_element(tag).ok()?;
    element.set_class_name(class);
    element.set_text_content(Some(words));
    parent.append_child(&element).ok()?;
    Some(element)
}

fn find(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}
