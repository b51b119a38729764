//! `/login/second-factor`: the second step of a sign-in. The challenge is in a cookie; the server has looked whether it can still
//! be answered, and with what.

use leptos::either::Either;
use leptos::prelude::*;

use crate::app::components::{FormPage, PasskeyWay, SecondFactorFields};
use crate::app::islands::SecondFactorForm;
use crate::app::next::form_address;
use crate::app::page_facts::PageFacts;

#[component]
pub fn SecondFactor() -> impl IntoView {
    let PageFacts { asked, next, .. } = PageFacts::get();
    let login = form_address("/login", next.as_deref());
    let lead = if asked.is_some() {
        "Your password was right. Now show your second factor."
    } else {
        "There is no sign-in to complete: it took longer than five minutes, it was completed, or it was ended."
    };
    view! {
        <FormPage
            title="Second step · Handstamp"
            imprint="Handstamp · Second step · Handstamp · Second step"
            heading="One more step"
            lead
        >
            {match asked {
                Some(asked) => Either::Left(view! {
                    <SecondFactorFields asked/>
                    <PasskeyWay offered={asked.passkeys > 0}/>
                    <SecondFactorForm/>
                    <p class="beside"><a href=login>"Start again"</a></p>
                }),
                None => Either::Right(view! {
                    <p class="beside"><a class="button button--ink button--wide" href=login>"Sign in"</a></p>
                }),
            }}
        </FormPage>
    }
}
