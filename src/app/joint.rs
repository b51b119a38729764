//! One undertaking at a time, however many ask for it: all wait for the same outcome.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::mem;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::api_types::ApiError;

/// How it went.
pub type Outcome = Result<(), ApiError>;

/// At most one run is under way here.
#[derive(Default)]
pub struct Joint(RefCell<Option<Rc<Run>>>);

/// One run, to be awaited by many.
#[derive(Default)]
pub struct Run {
    outcome: Cell<Option<Outcome>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Joint {
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// The run that is under way; where none is, a new one that `start` sets going.
    pub fn run(&self, start: impl FnOnce(Rc<Run>)) -> Rc<Run> {
        if let Some(run) = self.under_way() {
            return run;
        }
        let run = Rc::new(Run::default());
        *self.0.borrow_mut() = Some(run.clone());
        start(run.clone());
        run
    }

    pub fn under_way(&self) -> Option<Rc<Run>> {
        self.0.borrow().clone().filter(|run| !run.is_over())
    }
}

impl Run {
    pub fn is_over(&self) -> bool {
        self.outcome.get().is_some()
    }

    /// Tells all who wait. The first outcome counts.
    pub fn finish(&self, outcome: Outcome) {
        if !self.is_over() {
            self.outcome.set(Some(outcome));
            mem::take(&mut *self.waiting.borrow_mut()).into_iter().for_each(Waker::wake);
        }
    }

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
