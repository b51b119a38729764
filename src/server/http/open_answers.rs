//! Ends an answer that stays open (a stream, a long poll) when its session ends. Such a door checks the token only once, at
//! the beginning; without this it could send protected data for hours after the sign-out.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;

use super::error::HttpError;
use crate::api_types::ApiError;
use crate::server::flows::{CurrentUser, until_ended};
use crate::server::state::AppState;

/// Answers, or refuses if the session ends first.
pub async fn answer_while_signed_in(
    state: &AppState,
    user: &CurrentUser,
    answering: impl Future<Output = Response>,
) -> Response {
    let mut answering = pin!(answering);
    // Most answers are ready at once, and must not pay for the others.
    let response = match poll_fn(|context| Poll::Ready(answering.as_mut().poll(context))).await {
        Poll::Ready(response) => response,
        Poll::Pending => tokio::select! {
            response = answering => response,
            () = until_ended(state, user.session_id, user.token_id) => {
                return HttpError(ApiError::TokenRevoked).into_response();
            }
        },
    };
    // The answer is complete, or its body is made while it is sent.
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let (state, user) = (state.clone(), user.clone());
    response.map(|body| {
        let ended = async move { until_ended(&state, user.session_id, user.token_id).await };
        Body::from_stream(body.into_data_stream().take_until(Box::pin(ended)))
    })
}
