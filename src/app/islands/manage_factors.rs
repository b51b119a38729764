//! The part of `/account` that changes second factors: a file of its own, loaded when the user asks for it.

use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::api_types::{ApiError, PasswordInput};
use crate::app::client::{call, renew};
use crate::app::components::{FactorDoors, Piece, manage_factors};
use crate::app::server_fns::{begin_totp, confirm_totp, factors, remove_totp, renew_recovery_codes};

/// Makes the section work, in a moment.
pub fn open(place: Piece) {
    spawn_local(async move {
        if manage(place.clone()).await.is_err() {
            place.part("factors-change").unset("aria-busy");
            place.part("factor-problem").complain(NOT_LOADED);
        }
    });
}

const NOT_LOADED: &str = "This part of the page did not load. Check your connection and try again.";

/// The file did not load, or came too late.
struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the file may not load: `fallible` wants an error for that")]
#[wasm_split(manage_factors, wasm_split_path = ::leptos::wasm_split, fallible)]
fn manage(place: Piece) -> Result<(), NotLoaded> {
    // The page shows something else by now.
    if !place.is_there() {
        return Err(NotLoaded);
    }
    manage_factors(&place, DOORS);
    Ok(())
}

const DOORS: FactorDoors = FactorDoors {
    list: || Box::pin(async { call(factors).await }),
    begin: || Box::pin(async { call(begin_totp).await }),
    confirm: |code| Box::pin(confirm(code)),
    remove: || Box::pin(async { call(remove_totp).await }),
    renew_codes: || Box::pin(async { call(renew_recovery_codes).await }),
};

/// After this the session counts as recognised by both factors. Its next token says so.
async fn confirm(code: String) -> Result<Vec<String>, ApiError> {
    let codes = call(|| confirm_totp(PasswordInput(code.clone()))).await?;
    renew();
    Ok(codes)
}
