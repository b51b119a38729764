//! The layer: requests with a good token pass, with its [`Claims`](crate::Claims) in their extensions. The others are answered.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::error::NotAccepted;
use crate::follower::Follower;

/// Lets requests with a good token pass. The others are answered 401 or 503.
#[derive(Clone)]
pub struct SignedIn(Follower);

impl SignedIn {
    /// Returns a layer that asks this follower.
    #[must_use]
    pub const fn new(follower: Follower) -> Self {
        Self(follower)
    }
}

impl<S> Layer<S> for SignedIn {
    type Service = SignedInService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SignedInService { follower: self.0.clone(), inner }
    }
}

/// The service of [`SignedIn`].
#[derive(Clone)]
pub struct SignedInService<S> {
    follower: Follower,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for SignedInService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<&'static str>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that is ready, not its clone.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let follower = self.follower.clone();
        let token = bearer(request.headers()).map(str::to_owned);
        Box::pin(async move {
            let claims = match token {
                Ok(token) => follower.verify(&token).await,
                Err(error) => Err(error),
            };
            match claims {
                Ok(claims) => {
                    request.extensions_mut().insert(claims);
                    inner.call(request).await
                }
                Err(error) => Ok(error.response()),
            }
        })
    }
}

/// Returns the token of the header `Authorization`: `Bearer` and one token.
fn bearer(headers: &HeaderMap) -> Result<&str, NotAccepted> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next().ok_or(NotAccepted::Missing)?, values.next()) else {
        return Err(NotAccepted::Invalid);
    };
    let mut words = value.to_str().map_err(|_| NotAccepted::Invalid)?.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, _, _) => Err(NotAccepted::Missing),
        (Some(scheme), Some(token), None) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(NotAccepted::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_token_is_exactly_a_scheme_and_one_token() {
        let headers = |value: &'static str| HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
        for good in ["Bearer x", "bearer   x"] {
            assert_eq!(bearer(&headers(good)), Ok("x"));
        }
        for bad in ["x", "Bearer", "Basic x", "Bearer x y"] {
            assert_eq!(bearer(&headers(bad)), Err(NotAccepted::Invalid), "{bad}");
        }
        assert_eq!(bearer(&headers("")), Err(NotAccepted::Missing));
        assert_eq!(bearer(&HeaderMap::new()), Err(NotAccepted::Missing));
    }
}
