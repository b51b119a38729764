//! The document: the attributes of `<html>` that the server, the head script and the style sheet share.

use leptos::prelude::{document, location};

/// The value of an attribute of `<html>`.
pub fn attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

/// Writes "yes" or "no" for the style sheet.
pub fn mark(name: &str, is: bool) {
    if let Some(html) = document().document_element() {
        // Cannot fail: the name is a valid attribute name.
        let _ = html.set_attribute(name, if is { "yes" } else { "no" });
    }
}

/// Whether the tab is in the background.
pub fn is_hidden() -> bool {
    document().hidden()
}

/// Goes to another page of ours, unless this is it.
pub fn lead_to(path: &str) {
    if location().pathname().is_ok_and(|here| here != path) {
        // Fails only for an invalid address.
        let _ = location().assign(path);
    }
}
