//! The imprint: a double ring, words on it, a tick in the middle. It is the one ornament of the design.
//!
//! It does not know what a stamp is: its caller passes the words. One for each page, because the ring's path has an id.
//!
//! It has 240 units in each direction. Lighthouse takes units for pixels, whatever the size on the screen, and counts
//! letters of less than twelve as text that is too small to read. These are an ornament.

use leptos::either::Either;
use leptos::prelude::*;

use crate::app::components::piece::Piece;

/// Draws an imprint; it is decoration unless it has a `label`.
#[component]
pub fn Imprint(
    /// The words around the ring; the style sheet makes them capitals.
    #[prop(into)]
    words: String,
    /// What a screen reader reads instead of the picture.
    #[prop(into, optional)]
    label: String,
    /// Crossed with VOID.
    #[prop(optional)]
    void: bool,
) -> impl IntoView {
    let size = letter_size(words.chars().count());
    let ring = ring(&words);
    let decoration = label.is_empty();
    view! {
        <svg
            class="imprint"
            class:imprint--void=void
            viewBox="0 0 240 240"
            focusable="false"
            role=(!decoration).then_some("img")
            aria-label=(!decoration).then_some(label)
            aria-hidden=decoration.then_some("true")
        >
            <path id="imprint-ring" d="M32.4 120a87.6 87.6 0 1 1 175.2 0a87.6 87.6 0 1 1 -175.2 0"/>
            <circle class="imprint__ring" cx="120" cy="120" r="116"/>
            <circle class="imprint__ring imprint__ring--inner" cx="120" cy="120" r="72"/>
            <text class="imprint__words" font-size=size textLength=RING_LENGTH lengthAdjust="spacing">
                <textPath href="#imprint-ring">{ring}</textPath>
            </text>
            {if void {
                Either::Left(view! {
                    <g class="imprint__band">
                        <rect x="6" y="86" width="228" height="68" rx="14"/>
                        <text x="120" y="138" text-anchor="middle">"VOID"</text>
                    </g>
                })
            } else {
                Either::Right(view! { <path class="imprint__tick" d="M87 125l23 23 43 -56"/> })
            }}
        </svg>
    }
}

/// Puts words into the imprint inside.
pub fn fill_imprint(place: &Piece, words: &str, label: &str) {
    place.first(".imprint").set("aria-label", label);
    place.first(".imprint__words").set("font-size", letter_size(words.chars().count()));
    place.first("textPath").say(&ring(words));
}

/// The last dot is before the first word again. A normal space would be dropped at the end of a text.
fn ring(words: &str) -> String {
    [words, "\u{a0}·\u{a0}"].concat()
}

/// The path of the words around the ring, which makes their end meet their start.
const RING_LENGTH: &str = "550";

/// Makes few words large and many words small: a long name must not overlap itself.
const fn letter_size(letters: usize) -> &'static str {
    match letters {
        0..=38 => "17.2",
        39..=45 => "15.2",
        _ => "12.8",
    }
}
