//! A question to the server that an island hands down: what a piece may ask, without knowing who is signed in.

use std::pin::Pin;

use crate::api_types::ApiError;

/// The answer to come.
pub type Asking<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;
