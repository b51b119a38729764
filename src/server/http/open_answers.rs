//! An answer that stays open (a stream, a long poll) ends when the session of whoever asked ends: a door that checked the
//! token once, at the beginning, must not go on telling for hours what its visitor may no longer see.

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

/// Answers, or refuses once the session has ended.
pub async fn answer_while_signed_in(
    state: AppState,
    user: CurrentUser,
    answering: impl Future<Output = Response>,
) -> Response {
    let mut answering = pin!(answering);
    // Most answers are there at once, and are not to pay for those that are not.
    let response = match poll_fn(|context| Poll::Ready(answering.as_mut().poll(context))).await {
        Poll::Ready(response) => response,
        Poll::Pending => tokio::select! {
            response = answering => response,
            () = until_ended(&state, user.session_id, user.token_id) => {
                return HttpError(ApiError::TokenRevoked).into_response();
            }
        },
    };
    // Whole already, or one of those that are made as they are sent.
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        let ended = async move { until_ended(&state, user.session_id, user.token_id).await };
        Body::from_stream(body.into_data_stream().take_until(Box::pin(ended)))
    })
}
