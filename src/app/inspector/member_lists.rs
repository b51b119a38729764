//! The header and the claims: as JSON, and one row for each member that explains it.

use crate::app::inspector::elements::{add, emptied, set_state, set_text, words_of};
use crate::app::inspector::times;
use crate::app::unverified_jwt::{UnverifiedJwt, json, members, pretty_json};
use js_sys::Object;

/// The claims that are instants.
pub const INSTANTS: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/// Shows both.
pub fn show(jwt: &UnverifiedJwt) {
    list("header", jwt.header.as_ref());
    list("claims", jwt.claims.as_ref());
    tell_times(jwt);
}

/// Updates how far away each instant is.
pub fn tell_times(jwt: &UnverifiedJwt) {
    let now = times::now();
    for (name, value) in jwt.claims.iter().flat_map(members) {
        if INSTANTS.contains(&name.as_str()) {
            let told = match times::instant(&value) {
                Some(instant) if times::is_in_milliseconds(instant) => "Milliseconds? It must be seconds.".to_owned(),
                Some(instant) => times::told(instant, now),
                None => "Not a whole number of seconds.".to_owned(),
            };
            set_text(&["time-", &name].concat(), &told);
        }
    }
}

fn list(part: &str, object: Option<&Object>) {
    let id = |name: &str| [part, "-", name].concat();
    set_state(&id("card"), if object.is_some() { "ok" } else { "bad" });
    set_text(&id("json"), &object.map(|object| pretty_json(object)).unwrap_or_default());
    let Some(rows) = emptied(&id("members")) else { return };
    for (name, value) in object.into_iter().flat_map(members) {
        let Some(row) = add(&rows, "li", "member", "") else { continue };
        let about = |name: &str| words_of(&["about-", part, "-", name].concat());
        let known = about(&name);
        add(&row, "code", "member__name", &name);
        add(&row, "code", "member__value", &json(&value));
        if part == "claims"
            && INSTANTS.contains(&name.as_str())
            && let Some(time) = add(&row, "p", "member__time", "")
        {
            time.set_id(&["time-", &name].concat());
        }
        add(&row, "p", "member__about", &known.or_else(|| about("")).unwrap_or_default());
    }
}
