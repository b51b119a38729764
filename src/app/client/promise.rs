//! The outcome of something that the state machine decides later.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::mem;
use std::task::{Poll, Waker};

use crate::api_types::ApiError;

/// The outcome.
pub type Outcome = Result<(), ApiError>;

/// Resolved once, awaited by any number of tasks.
#[derive(Default)]
pub struct Promise {
    outcome: Cell<Option<Outcome>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Promise {
    pub fn is_over(&self) -> bool {
        self.outcome.get().is_some()
    }

    /// Tells all tasks that wait. Only the first outcome counts.
    pub fn keep(&self, outcome: Outcome) {
        if !self.is_over() {
            self.outcome.set(Some(outcome));
            mem::take(&mut *self.waiting.borrow_mut()).into_iter().for_each(Waker::wake);
        }
    }

    /// # Errors
    /// Those of the outcome.
    pub async fn outcome(&self) -> Outcome {
        poll_fn(|context| {
            if let Some(outcome) = self.outcome.get() {
                return Poll::Ready(outcome);
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
