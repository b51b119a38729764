//! The client of our server functions: adds `Authorization: Bearer` if the browser keeps a token.
//!
//! The token goes into this header and nowhere else: never a URL, never a body (RFC 6750, section 2).

use futures::{Sink, Stream};
use leptos::server_fn::{
    Bytes,
    client::{Client, browser::BrowserClient},
    error::FromServerFnError,
    request::browser::BrowserRequest,
    response::browser::BrowserResponse,
};

use crate::app::browser::storage;

/// Every protected server function names it: `client = Bearer`.
pub struct Bearer;

impl<E, InputStreamError, OutputStreamError> Client<E, InputStreamError, OutputStreamError> for Bearer
where
    E: FromServerFnError,
    InputStreamError: FromServerFnError,
    OutputStreamError: FromServerFnError,
{
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, E>> + Send {
        if let Some(token) = storage::token() {
            request.headers().set("Authorization", &format!("Bearer {token}"));
        }
        <BrowserClient as Client<E, InputStreamError, OutputStreamError>>::send(request)
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl Sink<Bytes> + Send + 'static),
            E,
        >,
    > + Send {
        <BrowserClient as Client<E, InputStreamError, OutputStreamError>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<E, InputStreamError, OutputStreamError>>::spawn(future);
    }
}
