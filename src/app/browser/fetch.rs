//! Sends a request to this server, and reads its answer. One copy serves all server functions.
//!
//! The token goes into the header `Authorization` and nowhere else: never a URL, never a body (RFC 6750, section 2).

use std::pin::Pin;

use http::Method;
use js_sys::Promise;
use leptos::prelude::window;
use leptos::web_sys::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{AbortController, Headers, RequestInit, Response};

use crate::api_types::ApiError;
use crate::app::answer::FromJson;
use crate::app::browser::storage;

/// The future answer: its JSON, or the error that the server said. Dropping it aborts the request.
pub type Fetching = Pin<Box<dyn Future<Output = Result<JsValue, ApiError>>>>;

/// Sends a form, in the query of a `GET` and in the body of a `POST`, before it returns.
pub fn fetch(method: Method, path: &str, form: &str, with_token: bool) -> Fetching {
    let abort = AbortOnDrop(AbortController::new().ok());
    let sent = send(&method, path, form, with_token, &abort);
    Box::pin(async move {
        let _abort = abort;
        let response = sent.map_err(|_| ApiError::Unreachable)?.await.map_err(|_| ApiError::Unreachable)?;
        let response: Response = response.unchecked_into();
        let json = json(&response).await.map_err(|_| ApiError::InvalidRequest)?;
        if response.status() < 400 {
            return Ok(json);
        }
        Err(ApiError::from_json(&json).unwrap_or(ApiError::InvalidRequest))
    })
}

fn send(method: &Method, path: &str, form: &str, with_token: bool, abort: &AbortOnDrop) -> Result<Promise, JsValue> {
    let headers = Headers::new()?;
    headers.set("Content-Type", "application/x-www-form-urlencoded")?;
    headers.set("Accept", "application/json")?;
    if with_token && let Some(token) = storage::token() {
        headers.set("Authorization", &["Bearer ", &token].concat())?;
    }
    let init = RequestInit::new();
    init.set_method(method.as_str());
    init.set_headers(&headers);
    init.set_signal(abort.0.as_ref().map(AbortController::signal).as_ref());
    let mut url = path.to_owned();
    if *method != Method::GET {
        init.set_body(&form.into());
    } else if !form.is_empty() {
        url.extend(["?", form]);
    }
    Ok(window().fetch_with_str_and_init(&url, &init))
}

async fn json(response: &Response) -> Result<JsValue, JsValue> {
    response.json()?.await
}

/// An answer that has been read is not affected.
struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
