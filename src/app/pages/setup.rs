//! `/setup`: the first account of a new server, for the operator who can read its console.
//!
//! The page does not know the code: it stays in the browser, behind the `#` of the address, until the form is sent.

use leptos::prelude::*;

use crate::app::components::{FormPage, StrengthTemplate};
use crate::app::islands::{PasswordMeter, SetupForm};

#[component]
pub fn Setup() -> impl IntoView {
    view! {
        <FormPage
            title="Set up · Handstamp"
            imprint="Handstamp · Set up · Handstamp · Set up"
            heading="Make the first account"
            lead="It becomes the administrator. The link works once."
        >
            <SetupForm/>
            <StrengthTemplate/>
            <PasswordMeter/>
        </FormPage>
    }
}
