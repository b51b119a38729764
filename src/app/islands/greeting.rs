//! The dashboard's island: the greeting while a user is signed in, otherwise why none is.

use leptos::prelude::*;

use crate::app::client::{greet, seconds_left, token, valid_until};
use crate::app::components::{StampEnd, greeted};
use crate::app::islands::awaited::Contents;

#[island(lazy)]
pub fn Greeting() -> impl IntoView {
    Contents {
        get: || Box::pin(greet()),
        show: |answer| greeted(&answer, StampEnd { seconds_left, valid_until }, token),
        stamp_ends: valid_until,
    }
    .follow();
}
