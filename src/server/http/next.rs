//! Which address a sign-in may lead back to: a page of our own, or one of an application behind the gate.

use url::Url;

use crate::app::next::{MAX_BYTES, accepted};
use crate::server::domain::gate::Gate;

/// Returns the `next` of a query or a form, if there is exactly one and it is accepted.
pub fn next_in(gate: &Gate, form: &[u8]) -> Option<String> {
    let mut asked = form_urlencoded::parse(form).filter(|(name, _)| name == "next");
    match (asked.next(), asked.next()) {
        (Some((_, once)), None) => accepted(&once).or_else(|| Some(of_application(gate, &once)?.into())),
        _ => None,
    }
}

/// Returns an accepted address of an application.
pub fn of_application(gate: &Gate, address: &str) -> Option<Url> {
    gate.listed(address).filter(|address| address.as_str().len() <= MAX_BYTES)
}
