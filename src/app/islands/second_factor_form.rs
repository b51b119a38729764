//! The form for a second factor, the island. It renders nothing: the server has written the form.

use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::client::{self, Keep};
use crate::app::components::{Codes, Failure, answers_challenge, in_browser, send_codes};

#[island(lazy)]
pub fn SecondFactorForm() -> impl IntoView {
    in_browser(|| answers_challenge(|codes, keep| Box::pin(send(codes, keep))));
}

/// Returns whether the browser keeps the token.
async fn send(codes: Codes, keep: Keep) -> Result<bool, ApiError> {
    match send_codes(codes, keep).await {
        Ok(answer) => Ok(client::sign_in(answer, keep).is_ok()),
        Err(Failure::StorageRefused) => Ok(false),
        Err(Failure::Refused(error)) => Err(error),
    }
}
