//! The machines' doors, one file each. `protected.rs` is the one to copy.

pub mod health;
pub mod login;
pub mod logout;
pub mod me;
pub mod protected;
pub mod signup;

use serde::Deserialize;

use crate::api_types::PasswordInput;

/// A name and a password, as `/login` and `/signup` take them. No `Debug`.
#[derive(Deserialize)]
pub struct CredentialsRequest {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: PasswordInput,
}
