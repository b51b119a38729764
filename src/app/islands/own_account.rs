//! `/account`, the island: the account while a user is signed in, otherwise why none is.

use leptos::prelude::*;

use crate::api_types::{AccountAnswer, ApiError, EventsAnswer, FactorsAnswer, PasswordInput};
use crate::app::client::{
    Why, call, ended, greet, make_passkey, passkeys_supported, server_now, tell_password_manager,
};
use crate::app::components::{AccountDoors, PasskeyDoors, account_parts, made_problem};
use crate::app::islands::awaited::Contents;
use crate::app::islands::manage_factors;
use crate::app::islands::password_meter::judge;
use crate::app::server_fns::{
    account, change_email, change_password, delete_account, email, events, factors, passkeys, remove_passkey,
    rename_passkey,
};

#[island(lazy)]
pub fn OwnAccount() -> impl IntoView {
    Contents {
        get: || Box::pin(get()),
        show: |(account, factors, newest, now)| account_parts(&account, &factors, newest, now, DOORS),
        stamp_ends: || None,
    }
    .follow();
}

const DOORS: AccountDoors = AccountDoors {
    change_password: |current, new| {
        Box::pin(
            async move { call(|| change_password(PasswordInput(current.clone()), PasswordInput(new.clone()))).await },
        )
    },
    judge_password: judge,
    email: || Box::pin(call(email)),
    change_email: |address| Box::pin(async move { call(|| change_email(address.clone())).await }),
    change_factors: manage_factors::open,
    older_events: |before| Box::pin(async move { call(|| events(before.clone())).await }),
    delete: |password| {
        Box::pin(async move {
            call(|| delete_account(PasswordInput(password.clone()))).await?;
            ended(Why::Deleted);
            Ok(())
        })
    },
    passkeys: PasskeyDoors {
        supported: passkeys_supported,
        list: || {
            Box::pin(async {
                let known = call(passkeys).await?;
                tell_password_manager(&known);
                Ok(known)
            })
        },
        add: |name| Box::pin(async move { Ok(made_problem(make_passkey(name).await?)) }),
        rename: |id, name| Box::pin(async move { call(|| rename_passkey(id.clone(), name.clone())).await }),
        remove: |id| Box::pin(async move { call(|| remove_passkey(id.clone())).await }),
    },
};

/// The account, its factors, its last events, and when the server answered, in Unix seconds.
async fn get() -> Result<(AccountAnswer, FactorsAnswer, EventsAnswer, i64), ApiError> {
    let now = server_now(&greet().await?);
    Ok((call(account).await?, call(factors).await?, call(|| events(String::new())).await?, now))
}
