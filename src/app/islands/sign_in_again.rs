//! Signs the user in again over a live page: in a dialog, so that nothing on the page is lost. `client` says when it opens,
//! and when there is nothing to ask any more.
//!
//! The dialog is a file of its own, loaded when it is first needed. If it does not load, the page leads to `/login` instead.

mod dialog;

use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::app::client::{self, Asked};
use crate::app::components::input;
use crate::app::islands::sign_in_again::dialog::Dialog;

/// Opens the dialog, in a moment.
pub fn open(asked: Asked) {
    let number = asked.number;
    spawn_local(async move {
        // A page that is a form for signing in needs no second one over it.
        if input("username").is_some() || show(asked).await.is_err() {
            client::dialog_closed(number);
        }
    });
}

/// The file did not load.
struct NoDialog;

impl From<SplitLoaderError> for NoDialog {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

#[wasm_split(sign_in_dialog, wasm_split_path = ::leptos::wasm_split, fallible)]
fn show(asked: Asked) -> Result<(), NoDialog> {
    // The question was settled while the file was loading; or another user, or none, is signed in by now.
    if asked.over.is_over() {
        return Ok(());
    }
    let Some(body) = document().body() else { return Err(NoDialog) };
    let (over, known) = (asked.over.clone(), asked.name.is_some());
    let shown = mount_to(body, move || view! { <Dialog asked/> });
    dialog::show(known);
    spawn_local(async move {
        // However it ended.
        let _ = over.outcome().await;
        dialog::close();
        drop(shown);
    });
    Ok(())
}
