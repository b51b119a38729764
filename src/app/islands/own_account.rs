//! `/account`, the island: the account while a user is signed in, otherwise why none is.

use leptos::either::EitherOf3;
use leptos::prelude::*;

use crate::api_types::{AccountAnswer, ApiError, EventsAnswer, PasswordInput};
use crate::app::client::{Why, call, ended, greet, server_now, signed_in};
use crate::app::components::{AccountAwaited, AccountDoors, AccountParts, Later, Parting};
use crate::app::islands::awaited::{Page, ask, first, follow};
use crate::app::islands::password_meter::judge;
use crate::app::server_fns::{account, change_password, delete_account, events};

#[island(lazy)]
pub fn OwnAccount() -> impl IntoView {
    let page = first();
    follow(page, get);
    move || match page.get() {
        Page::Awaited { .. } => EitherOf3::A(view! { <AccountAwaited/> }),
        Page::There((account, events, now)) => {
            EitherOf3::B(Later(view! { <AccountParts account events now doors=DOORS/> }))
        }
        Page::Without(why, _) => EitherOf3::C(Later(view! {
            <Parting
                why
                sign_in_to="Sign in to see your account."
                not_arrived="Your account did not arrive."
                again=move || ask(page, untrack(signed_in), get)
            />
        })),
    }
}

const DOORS: AccountDoors = AccountDoors {
    change_password: |current, new| {
        Box::pin(
            async move { call(|| change_password(PasswordInput(current.clone()), PasswordInput(new.clone()))).await },
        )
    },
    judge_password: judge,
    older_events: |before| Box::pin(async move { call(|| events(before.clone())).await }),
    delete: |password| {
        Box::pin(async move {
            call(|| delete_account(PasswordInput(password.clone()))).await?;
            ended(Why::Deleted);
            Ok(())
        })
    },
};

/// The account, its last events, and when the server answered, in Unix seconds.
async fn get() -> Result<(AccountAnswer, EventsAnswer, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((call(account).await?, call(|| events(String::new())).await?, now))
}
