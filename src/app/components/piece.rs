//! Pieces of a page that the server has written, and that the browser copies and fills in.
//!
//! What a page shows after an answer stands in its document as `<template>`: every word and every class, and none of the
//! user's data. The browser copies it, puts the data into the elements marked with `data-part`, and listens to its buttons.
//! A view that Leptos builds in the browser is compiled once for each element in it, which made the files of the pages three
//! times as large.

use js_sys::Function;
use leptos::prelude::document;
use leptos::task::spawn_local;
use leptos::web_sys::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlTemplateElement};

use crate::api_types::ApiError;
use crate::app::components::asking::Asking;

/// An element. Nothing happens to one that is missing: the page is of another build than the program.
#[derive(Clone)]
pub struct Piece(Option<Element>);

impl Piece {
    /// The element with this id.
    pub fn with_id(id: &str) -> Self {
        Self(document().get_element_by_id(id))
    }

    /// A copy of what the template with this id holds, which is one element.
    pub fn copy_of(template: &str) -> Self {
        let template = document().get_element_by_id(template).map(JsCast::unchecked_into::<HtmlTemplateElement>);
        let original = template.and_then(|template| template.content().first_element_child());
        Self(original.and_then(|original| original.clone_node_with_deep(true).ok()).map(JsCast::unchecked_into))
    }

    /// The element inside that is marked with `data-part`.
    #[must_use]
    pub fn part(&self, name: &str) -> Self {
        self.first(&["[data-part=", name, "]"].concat())
    }

    /// The first element inside that this selector matches.
    #[must_use]
    pub fn first(&self, selector: &str) -> Self {
        Self(self.0.as_ref().and_then(|element| element.query_selector(selector).ok().flatten()))
    }

    /// The first element around it that this selector matches.
    #[must_use]
    pub fn around(&self, selector: &str) -> Self {
        Self(self.0.as_ref().and_then(|element| element.closest(selector).ok().flatten()))
    }

    /// The element before it.
    #[must_use]
    pub fn previous(&self) -> Self {
        Self(self.0.as_ref().and_then(Element::previous_element_sibling))
    }

    /// The element after it.
    #[must_use]
    pub fn next(&self) -> Self {
        Self(self.0.as_ref().and_then(Element::next_element_sibling))
    }

    pub fn element(&self) -> Option<&Element> {
        self.0.as_ref()
    }

    /// Replaces the text.
    pub fn say(&self, words: &str) {
        if let Some(element) = &self.0 {
            element.set_text_content(Some(words));
        }
    }

    pub fn text(&self) -> String {
        self.0.as_ref().and_then(|element| element.text_content()).unwrap_or_default()
    }

    /// What the user typed into it.
    pub fn typed(&self) -> String {
        self.0.as_ref().map(|element| element.unchecked_ref::<HtmlInputElement>().value()).unwrap_or_default()
    }

    pub fn get(&self, attribute: &str) -> String {
        self.0.as_ref().and_then(|element| element.get_attribute(attribute)).unwrap_or_default()
    }

    pub fn set(&self, attribute: &str, value: &str) {
        if let Some(element) = &self.0 {
            // Fails only for an invalid name.
            let _ = element.set_attribute(attribute, value);
        }
    }

    pub fn unset(&self, attribute: &str) {
        if let Some(element) = &self.0 {
            // As above.
            let _ = element.remove_attribute(attribute);
        }
    }

    pub fn show(&self, shown: bool) {
        if shown { self.unset("hidden") } else { self.set("hidden", "") }
    }

    /// Shows a problem in words; an empty text removes the last.
    pub fn complain(&self, words: &str) {
        self.say(words);
        self.show(!words.is_empty());
    }

    /// Adds another piece at the end.
    pub fn add(&self, other: &Self) {
        if let (Some(element), Some(other)) = (&self.0, &other.0) {
            // Fails only if one is inside the other.
            let _ = element.append_child(other);
        }
    }

    /// Shows another piece, and nothing else.
    pub fn hold(&self, other: &Self) {
        self.say("");
        self.add(other);
    }

    pub fn remove(&self) {
        if let Some(element) = &self.0 {
            element.remove();
        }
    }

    /// Whether it is in the document.
    pub fn is_there(&self) -> bool {
        self.0.as_ref().is_some_and(|element| element.is_connected())
    }

    pub fn has_focus(&self) -> bool {
        self.0.is_some() && self.0 == document().active_element()
    }

    /// Moves the focus immediately.
    pub fn focus(&self) {
        if let Some(element) = &self.0 {
            // Fails only if the element cannot have the focus.
            let _ = element.unchecked_ref::<HtmlElement>().focus();
        }
    }

    /// Calls this at each event, as long as the element exists.
    pub fn on(&self, event: &str, then: impl FnMut(Event) + 'static) {
        self.listen(event, Box::new(then));
    }

    fn listen(&self, event: &str, then: Box<dyn FnMut(Event)>) {
        if let Some(element) = &self.0 {
            // The browser drops it with the element.
            let then = Closure::wrap(then).into_js_value().unchecked_into::<Function>();
            // Fails only if it is no function.
            let _ = element.add_event_listener_with_callback(event, &then);
        }
    }

    /// Asks the server, once at a time: while it has not answered, this button is busy. Nothing happens to a page that shows
    /// something else by then.
    pub fn ask<T: 'static>(&self, ask: impl FnOnce() -> Asking<T>, then: impl FnOnce(Result<T, ApiError>) + 'static) {
        if self.get("aria-busy").is_empty() {
            self.set("aria-busy", "true");
            self.await_answer(ask(), Box::new(then));
        }
    }

    fn await_answer<T: 'static>(&self, asking: Asking<T>, then: Box<dyn FnOnce(Result<T, ApiError>)>) {
        let button = self.clone();
        spawn_local(async move {
            let answer = asking.await;
            button.unset("aria-busy");
            if button.is_there() {
                then(answer);
            }
        });
    }
}
