//! How a server function is called over HTTP: a form there, JSON back.
//!
//! Every server function names it: `protocol = Open`, or `protocol = Protected` if its door is protected. Both post the
//! arguments; `Protected<GetUrl>` puts them into the query.
//!
//! The server's side is that of Leptos. The browser's side is ours: Leptos compiles the request, its future and the reading
//! of the answer once for each function, which made the first visit of `/account` 8 KB larger. Here one function sends the
//! requests of all (`browser/fetch.rs`); for each, only its arguments and the type of its answer are compiled.

use std::future::ready;
use std::marker::PhantomData;

use http::Method;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::{Encoding, PostUrl};
use leptos::server_fn::server::Server;
use leptos::server_fn::{Http, Protocol};
use send_wrapper::SendWrapper;
use serde::Serialize;

use crate::api_types::ApiError;
use crate::app::answer::{Answer, FromJson};
use crate::app::browser::fetch::{Fetching, fetch};

/// A call that anybody can make.
pub type Open<Way = PostUrl> = Call<false, Way>;

/// A call with the access token, if the browser keeps one.
pub type Protected<Way = PostUrl> = Call<true, Way>;

/// With the token or without it; `Way` is how the arguments travel.
pub struct Call<const TOKEN: bool, Way>(PhantomData<Way>);

impl<const TOKEN: bool, Way, I, O, C, S> Protocol<I, O, C, S, ApiError> for Call<TOKEN, Way>
where
    Http<Way, Answer>: Protocol<I, O, C, S, ApiError>,
    Way: Encoding,
    I: Serialize + Send,
    O: FromJson + Send,
    C: Client<ApiError>,
    S: Server<ApiError>,
{
    const METHOD: Method = Way::METHOD;

    fn run_server<F, Fut>(
        request: S::Request,
        server_fn: F,
    ) -> impl Future<Output = Result<S::Response, ApiError>> + Send
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, ApiError>> + Send,
    {
        Http::<Way, Answer>::run_server(request, server_fn)
    }

    fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, ApiError>> + Send {
        let fetching = match serde_qs::to_string(&input) {
            Ok(form) => fetch(Way::METHOD, path, &form, TOKEN),
            Err(_) => Box::pin(ready(Err(ApiError::Internal))),
        };
        // The browser has one thread.
        read(SendWrapper::new(fetching))
    }
}

/// One copy for each kind of answer, not one for each function.
async fn read<T: FromJson>(fetching: SendWrapper<Fetching>) -> Result<T, ApiError> {
    T::from_json(&fetching.await?).ok_or(ApiError::InvalidRequest)
}
