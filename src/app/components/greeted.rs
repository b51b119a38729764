//! The dashboard of a signed-in user: the greeting and three cards.

use leptos::prelude::*;

use crate::api_types::GreetingAnswer;
use crate::app::components::curl_card::{CurlCard, fill_curl_card};
use crate::app::components::dom::HEADING;
use crate::app::components::piece::Piece;
use crate::app::components::stamp_card::{StampCard, StampEnd, fill_stamp_card};
use crate::app::components::visitor_card::{VisitorCard, fill_visitor_card};

#[component]
pub fn GreetedTemplate() -> impl IntoView {
    view! {
        <template id=GREETED>
            <div class="contents">
                <p class="eyebrow">"Dashboard"</p>
                <h1 id=HEADING tabindex="-1" data-part="message"></h1>
                <div class="cards">
                    <StampCard/>
                    <VisitorCard/>
                    <CurlCard/>
                </div>
            </div>
        </template>
    }
}

/// Returns the dashboard; `token` is the one that this browser keeps.
pub fn greeted(answer: &GreetingAnswer, end: StampEnd, token: fn() -> Option<String>) -> Piece {
    let greeted = Piece::copy_of(GREETED);
    greeted.part("message").say(&answer.message);
    fill_stamp_card(&greeted.first(".stamp"), answer, end);
    fill_visitor_card(&greeted.first(".visitor"), answer);
    fill_curl_card(&greeted.first(".curl"), &answer.message, token);
    greeted
}

const GREETED: &str = "greeted";
