//! The dashboard of a signed-in user: the greeting and three cards.

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::curl_card::CurlCard;
use crate::app::components::dom::HEADING;
use crate::app::components::stamp_card::{StampCard, StampEnd};
use crate::app::components::visitor_card::VisitorCard;

#[component]
pub fn Greeted(
    answer: GreetingAnswer,
    end: StampEnd,
    /// The token that this browser keeps.
    token: fn() -> Option<String>,
) -> impl IntoView {
    view! {
        <p class="eyebrow">"Dashboard"</p>
        <h1 id=HEADING tabindex="-1">{answer.message.clone()}</h1>
        <div class="cards">
            <StampCard answer=answer.clone() end/>
            <VisitorCard username=answer.username roles=answer.roles/>
            <CurlCard message=answer.message token/>
        </div>
    }
}
