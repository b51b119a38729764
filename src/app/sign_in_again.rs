//! Signing in again over a live page: in a dialog, so that nothing on the page is lost.
//!
//! The dialog is a file of its own, fetched when it is first needed. Where it does not come, nobody signs in here; the page
//! then leads to `/login`.

mod dialog;

use std::rc::Rc;

use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::api_types::ApiError;
use crate::app::components::input;
use crate::app::joint::{Joint, Outcome, Run};
use crate::app::signed_in::{SignedIn, Why, signed_in};
use dialog::Dialog;

thread_local! {
    static DIALOG: Joint = const { Joint::new() };
}

/// Asks for the password, once however many need it; `why` the session is over, or nothing where it must be confirmed.
///
/// # Errors
/// When there is no dialog, or it was cancelled.
pub async fn ask(why: Option<Why>) -> Outcome {
    // A page that is a form for signing in needs no second one over it.
    if !is_open() && input("username").is_some() {
        return Err(ApiError::MissingToken);
    }
    let asked = untrack(signed_in);
    let run = DIALOG.with(|dialog| dialog.run(|run| spawn_local(open(why, asked, run))));
    run.outcome().await
}

/// Whether the page waits for a password.
pub fn is_open() -> bool {
    DIALOG.with(|dialog| dialog.under_way().is_some())
}

/// The same somebody has typed the password in another tab: what waits for it here goes on.
pub fn was_done_elsewhere() {
    if let Some(run) = DIALOG.with(Joint::under_way) {
        run.finish(Ok(()));
        dialog::close();
    }
}

async fn open(why: Option<Why>, asked: SignedIn, run: Rc<Run>) {
    if show(why, asked, run.clone()).await.is_err() {
        run.finish(Err(ApiError::Unreachable));
    }
}

/// The file did not come.
struct NoDialog;

impl From<SplitLoaderError> for NoDialog {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

#[wasm_split(sign_in_dialog, wasm_split_path = ::leptos::wasm_split, fallible)]
fn show(why: Option<Why>, asked: SignedIn, run: Rc<Run>) -> Result<(), NoDialog> {
    // Settled while the file was on its way; or somebody else is asked by now, or nobody, and what the password was to be typed
    // for is not theirs.
    if untrack(signed_in) != asked {
        run.finish(Err(ApiError::MissingToken));
    }
    if run.is_over() {
        return Ok(());
    }
    let Some(body) = document().body() else { return Err(NoDialog) };
    let ending = run.clone();
    let shown = mount_to(body, move || view! { <Dialog why asked run/> });
    dialog::show();
    spawn_local(async move {
        // However it ended.
        let _ = ending.outcome().await;
        drop(shown);
    });
    Ok(())
}
