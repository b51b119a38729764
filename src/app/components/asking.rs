//! A question to the server that an island passes on. So a piece can ask, and need not know who is signed in.

use std::pin::Pin;

use crate::api_types::ApiError;

/// The future answer.
pub type Asking<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;
