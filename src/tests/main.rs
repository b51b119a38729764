//! The specs: test the promises of Handstamp from outside, over HTTP if there is a door.
//!
//! One file for each subject, one sentence for each spec. Nothing sleeps: specs move the clock. Each has its own
//! server, port and database.

#![allow(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::too_many_lines,
    reason = "specs tell a story and fail on the spot"
)]

mod accounts;
mod additional_claims;
mod addresses;
mod administration;
mod algorithms;
mod audience_ends;
mod audiences;
mod authenticator;
mod authenticator_app;
mod authorization;
mod circles;
mod client_id;
mod clients;
mod clock;
mod closed_pipes;
mod commands;
mod commands_audiences;
mod commands_keys;
mod connections;
mod cookies;
mod cors;
mod crowds;
mod crypto_provider;
mod databases;
mod doctor;
mod doctor_postgres;
mod documents;
mod doors;
mod email;
mod faults;
mod forgotten_password;
mod forward_auth;
mod forward_auth_cookie;
mod forward_auth_return;
mod forwarded;
mod freshness;
mod fuzz_corpus;
mod given;
mod harness;
mod hash_pool;
mod headers;
mod hostile_tokens;
mod http_rows;
mod key_ring;
mod key_set;
mod last_administrator;
mod layers;
mod lesson;
mod log_lines;
mod log_secrets;
mod log_writing;
mod login;
mod login_by_address;
mod logout;
mod logs;
mod mail_pages;
mod mail_queue;
mod metrics;
mod notices;
mod openapi;
mod oversize;
mod own_account;
mod pages;
mod passkey_after_password;
mod passkey_sign_in;
mod passkeys;
mod passkeys_hostile;
mod password_rows;
mod paths;
mod postgres_failures;
mod process;
mod protected;
mod protection;
mod public_name;
mod recovery_codes;
mod refresh;
mod require_second_factor;
mod revocation_feed;
mod revocation_followers;
mod rows;
mod second_factor;
mod second_factor_page;
mod second_factor_throttle;
mod security_events;
mod server_functions;
mod sessions;
mod settings;
mod site;
mod smtp;
mod smuggling;
mod starts;
mod step_up;
mod stopping;
mod store;
mod store_administrators;
mod store_copy;
mod store_copy_failures;
mod store_keys;
mod store_lock_order;
mod store_sign_outs;
mod store_throttle;
mod throttle;
mod token_endpoint;
mod token_rows;
mod totp;
mod two_processes;
mod typed_names;
mod wycheproof;
