//! One undertaking at a time, however many ask for it: all wait for the same outcome.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::mem;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use leptos::prelude::set_timeout;
use leptos::task::spawn_local;

use crate::api_types::ApiError;

/// How it went.
pub type Outcome = Result<(), ApiError>;

/// Something to be asked of the server.
pub type Question = Pin<Box<dyn Future<Output = Outcome>>>;

/// How long an answer of the server may take. A request may hang for ever, and all who wait with it.
const PATIENCE: Duration = Duration::from_secs(10);

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

    /// As [`Self::run`], of a question to the server: no answer in time is none. Whoever finishes the run gives the question
    /// up: the browser takes neither the answer any more nor a cookie that comes with it.
    pub fn ask(&self, mut question: Question) -> Rc<Run> {
        self.run(|run| {
            let late = run.clone();
            set_timeout(move || late.finish(Err(ApiError::Unreachable)), PATIENCE);
            spawn_local(async move {
                let mut given_up = pin!(run.outcome());
                let outcome = poll_fn(|context| match given_up.as_mut().poll(context) {
                    Poll::Pending => question.as_mut().poll(context),
                    over @ Poll::Ready(_) => over,
                })
                .await;
                run.finish(outcome);
            });
        })
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
