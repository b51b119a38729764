//! The dashboard of somebody who is signed in: the greeting and three cards.

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::curl_card::CurlCard;
use crate::app::components::dom::HEADING;
use crate::app::components::stamp_card::StampCard;
use crate::app::components::visitor_card::VisitorCard;

/// When the stamp ends, in Unix seconds.
pub fn valid_until(answer: &GreetingAnswer) -> i64 {
    answer.issued_at.saturating_add_unsigned(answer.lifetime)
}

#[component]
pub fn Greeted(
    answer: GreetingAnswer,
    /// Called when the time is up.
    expired: fn(),
) -> impl IntoView {
    view! {
        <p class="eyebrow">"Dashboard"</p>
        <h1 id=HEADING tabindex="-1">{answer.message.clone()}</h1>
        <div class="cards">
            <StampCard answer=answer.clone() expired/>
            <VisitorCard answer=answer.clone()/>
            <CurlCard message=answer.message/>
        </div>
    }
}
