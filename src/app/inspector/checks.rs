//! The verdicts of all checks, as a list, and the verdict on the whole token.

use std::borrow::Cow;

use js_sys::{Array, Object, Reflect};
use leptos::web_sys::wasm_bindgen::JsValue;

use crate::app::inspector::elements::{fact, set_state, set_text};
use crate::app::inspector::verdict::{State, Verdict};
use crate::app::inspector::{signature, times};
use crate::app::unverified_jwt::UnverifiedJwt;

/// The longest lifetime that an access token should have, in seconds: a thief can use it that long.
const LONG_LIFE: i64 = 3600;

/// Shows every verdict. The ids are those of `pages/inspector.rs`.
pub fn show(jwt: &UnverifiedJwt, signature: &Verdict) {
    let now = times::now();
    let header = |name| member(jwt.header.as_ref(), name);
    let claim = |name| member(jwt.claims.as_ref(), name);
    let verdicts = [
        ("check-format", format(jwt)),
        (
            "check-header",
            if jwt.header.is_some() {
                Verdict::ok("The header is a JSON object")
            } else {
                Verdict::bad("The header is not a JSON object")
            },
        ),
        (
            "check-claims",
            if jwt.claims.is_some() {
                Verdict::ok("The claims are a JSON object")
            } else {
                Verdict::bad("The claims are not a JSON object")
            },
        ),
        ("check-algorithm", algorithm(header("alg"))),
        ("check-type", kind(header("typ"))),
        ("check-signature", signature.clone()),
        ("check-expiry", expiry(claim("exp"), now)),
        ("check-not-before", not_before(claim("nbf"), now)),
        ("check-issued", issued(claim("iat"), claim("exp"), now)),
        ("check-issuer", named(claim("iss"), "data-issuer", "issuer")),
        ("check-audience", named(claim("aud"), "data-audience", "audience")),
    ];
    for (id, verdict) in &verdicts {
        set_text(&[id, "-words"].concat(), &verdict.words);
        set_state(id, verdict.state.word());
    }
    let count = |state| verdicts.iter().filter(|(_, verdict)| verdict.state == state).count();
    let (state, words) = match (count(State::Bad), signature.state) {
        (0, State::Ok) => (State::Ok, Cow::Borrowed("This token passes the checks.")),
        (0, _) => (State::Open, Cow::Borrowed("The other checks pass, but the signature was not checked.")),
        (1, _) => (State::Bad, Cow::Borrowed("One check fails: a careful server refuses this token.")),
        (bad, _) => {
            (State::Bad, [&bad.to_string(), " checks fail: a careful server refuses this token."].concat().into())
        }
    };
    set_text("verdict", &words);
    set_state("verdict", state.word());
}

fn format(jwt: &UnverifiedJwt) -> Verdict {
    match jwt.parts.len() {
        1 => Verdict::bad("There are no dots: a token has three parts"),
        2 => Verdict::bad("Two parts: the signature is missing"),
        3 if jwt.parts.iter().all(|part| crate::app::unverified_jwt::bytes(part).is_some()) => {
            Verdict::ok("Three parts, base64url")
        }
        3 => Verdict::bad("A part is not base64url"),
        _ => Verdict::bad("More than three parts"),
    }
}

fn algorithm(alg: Option<JsValue>) -> Verdict {
    let Some(alg) = alg.and_then(|alg| alg.as_string()) else {
        return Verdict::bad("alg is missing: how it was signed");
    };
    if alg.eq_ignore_ascii_case("none") {
        return Verdict::bad("alg is none: it is not signed, so anyone could have written it");
    }
    if signature::scheme(&alg).is_none() {
        return Verdict::bad("An algorithm that is not known here: ").with(&alg);
    }
    Verdict::ok("Signed with ").with(&alg)
}

fn kind(typ: Option<JsValue>) -> Verdict {
    match typ.and_then(|typ| typ.as_string()).as_deref() {
        Some("at+jwt") => Verdict::ok("An access token and no other kind (typ at+jwt)"),
        Some(typ) => Verdict::care("Not marked as an access token: typ is ").with(typ),
        None => Verdict::care("Does not say what kind of token it is (typ)"),
    }
}

fn expiry(exp: Option<JsValue>, now: i64) -> Verdict {
    match when(exp) {
        Ok(None) => Verdict::bad("Never expires: no exp. A stolen one would work for ever"),
        Ok(Some(exp)) if times::is_in_milliseconds(exp) => {
            Verdict::bad("exp is in milliseconds, and so thousands of years away")
        }
        // "On or after": at the exact second of `exp` it has expired.
        Ok(Some(exp)) if exp <= now => Verdict::bad("Expired ").with(&[&times::span(now - exp), " ago"].concat()),
        Ok(Some(exp)) => Verdict::ok("Expires in ").with(&times::span(exp - now)),
        Err(()) => Verdict::bad("exp is not a whole number of seconds"),
    }
}

fn not_before(nbf: Option<JsValue>, now: i64) -> Verdict {
    match when(nbf) {
        Ok(None) => Verdict::open("No nbf: good from the start"),
        Ok(Some(nbf)) if nbf > now => Verdict::bad("Not yet valid: begins in ").with(&times::span(nbf - now)),
        Ok(Some(_)) => Verdict::ok("Has begun (nbf)"),
        Err(()) => Verdict::bad("nbf is not a whole number of seconds"),
    }
}

fn issued(iat: Option<JsValue>, exp: Option<JsValue>, now: i64) -> Verdict {
    match (when(iat), when(exp)) {
        (Ok(None), _) => Verdict::care("No iat: its age is unknown"),
        (Ok(Some(iat)), _) if iat > now => Verdict::bad("Issued in the future (iat), or a clock is wrong"),
        (Ok(Some(iat)), Ok(Some(exp))) if exp - iat > LONG_LIFE => {
            Verdict::care("Lives long for an access token: ").with(&times::span(exp - iat))
        }
        (Ok(Some(iat)), _) => Verdict::ok("Issued ").with(&[&times::span(now - iat), " ago"].concat()),
        (Err(()), _) => Verdict::bad("iat is not a whole number of seconds"),
    }
}

/// Returns whether a claim is this server's own name, or contains it.
fn named(value: Option<JsValue>, ours: &str, claim: &'static str) -> Verdict {
    let Some(value) = value else { return Verdict::care("Does not say for whom, or by whom: no ").with(claim) };
    let ours = JsValue::from(fact(ours));
    if value == ours || (Array::is_array(&value) && Array::from(&value).includes(&ours, 0)) {
        return Verdict::ok("This server's own ").with(claim);
    }
    Verdict::care("Not this server's ").with(claim)
}

fn when(value: Option<JsValue>) -> Result<Option<i64>, ()> {
    value.map(|value| times::instant(&value).ok_or(())).transpose()
}

fn member(object: Option<&Object>, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object?, &name.into()).ok()?;
    (!value.is_undefined()).then_some(value)
}
