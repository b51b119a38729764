//! All doors: the table of the machine doors, and the pages and server functions from Leptos.

use std::sync::Arc;

use ::leptos::server_fn::axum::server_fn_paths;
use axum::http::Method;

use super::front_door::FrontDoor;
use super::guard::door;
use super::limits::Limits;
use super::machine_doors::{Door, MachineDoors, any, delete, get, patch, post};
use super::{leptos, routes};
use crate::server::measure::Doors;
use crate::server::state::AppState;

/// The machine doors. `guard.rs` names those that answer without a token; all others are protected.
fn machine_doors() -> Vec<Door> {
    vec![
        post("/login", routes::login::login),
        post("/login/second-factor", routes::second_factor::second_factor),
        get("/protected", routes::protected::protected),
        any("/forward-auth", routes::forward_auth::forward_auth),
        delete("/logout", routes::logout::logout),
        post("/logout", routes::logout::logout),
        post("/refresh", routes::refresh::refresh),
        post("/token", routes::token::token),
        get("/me", routes::me::me),
        post("/password", routes::password::change),
        post("/password/forgot", routes::forgotten_password::forgot),
        post("/password/reset", routes::forgotten_password::reset),
        get("/email", routes::email::own),
        post("/email", routes::email::change),
        post("/email/confirm", routes::email::confirm),
        post("/totp", routes::totp::begin),
        delete("/totp", routes::totp::remove),
        post("/totp/confirm", routes::totp::confirm),
        post("/recovery-codes", routes::recovery_codes::renew),
        get("/sessions", routes::sessions::list),
        delete("/sessions", routes::sessions::end_others),
        delete("/sessions/{id}", routes::sessions::end),
        post("/passkeys/options", routes::passkeys::ask),
        post("/passkeys", routes::passkeys::add),
        get("/passkeys", routes::passkeys::list),
        patch("/passkeys/{id}", routes::passkeys::rename),
        delete("/passkeys/{id}", routes::passkeys::remove),
        post("/passkeys/sign-in/options", routes::passkey_sign_in::ask),
        post("/passkeys/sign-in", routes::passkey_sign_in::sign_in),
        post("/login/second-factor/options", routes::passkey_sign_in::ask_after_password),
        post("/signup", routes::signup::signup),
        get("/healthz", routes::health::healthz),
        get("/readyz", routes::health::readyz),
        get("/.well-known/jwks.json", routes::well_known::jwks),
        get("/.well-known/oauth-authorization-server", routes::well_known::authorization_server),
        get("/.well-known/webauthn", routes::well_known_passkeys::webauthn),
        get("/.well-known/passkey-endpoints", routes::well_known_passkeys::passkey_endpoints),
        post("/introspect", routes::introspect::introspect),
        post("/revoke", routes::revoke::revoke),
        get("/revocations", routes::revocations::revocations),
        get("/metrics", routes::metrics::metrics),
        get("/openapi.json", routes::openapi::openapi),
    ]
}

/// The doors that exist while `LESSON` is on.
fn lesson_doors() -> Vec<Door> {
    vec![get("/sign-token", routes::lesson::sign_token), post("/verify-token", routes::lesson::verify_token)]
}

/// Returns the names of the machine doors, the lesson's included.
#[must_use]
pub fn machine_door_names() -> Vec<String> {
    machine_doors().iter().chain(&lesson_doors()).map(Door::name).collect()
}

/// Returns the names of all doors, as `guard.rs` writes them, for the spec that calls each without a token.
#[must_use]
pub fn doors() -> Vec<String> {
    let functions = server_fn_paths().map(|(path, method)| door(&method, path));
    let pages = leptos::page_paths().iter().map(String::as_str).chain([leptos::CHANGE_PASSWORD]);
    let pages = pages.map(|path| door(&Method::GET, path));
    machine_door_names().into_iter().chain(functions).chain(pages).collect()
}

/// Builds the whole application.
pub fn router(state: &AppState, limits: Limits) -> FrontDoor {
    let counted = Arc::new(Doors::new(self::doors()));
    let lesson = state.config.lesson.then(lesson_doors).unwrap_or_default();
    let machine_doors: Vec<_> = machine_doors().into_iter().chain(lesson).collect();
    let machine_doors = MachineDoors::new(machine_doors, leptos::page_paths(), &counted);
    FrontDoor::new(state, limits, machine_doors, counted)
}
