//! A request that can be aborted. The browser then ignores its answer, and a cookie that comes with it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use leptos::task::spawn_local;

/// The request, until it is answered or aborted. Dropping the future aborts the fetch.
pub struct Request<T>(Rc<RefCell<Option<Answer<T>>>>);

type Answer<T> = Pin<Box<dyn Future<Output = T>>>;

impl<T: 'static> Request<T> {
    /// Sends the request before it returns, so that the request has the token that is kept now. Calls `then` with the
    /// answer, never before this function has returned.
    pub fn send(answer: Answer<T>, then: fn(T)) -> Self {
        let request = Rc::new(RefCell::new(Some(answer)));
        let first = poll(&request, &mut Context::from_waker(Waker::noop()));
        let sent = request.clone();
        spawn_local(async move {
            let answer = match first {
                Poll::Pending => poll_fn(|context| poll(&sent, context)).await,
                Poll::Ready(answer) => answer,
            };
            if let Some(answer) = answer {
                then(answer);
            }
        });
        Self(request)
    }

    pub fn give_up(self) {
        self.0.take();
    }
}

/// The answer; nothing if the request was aborted.
fn poll<T>(request: &RefCell<Option<Answer<T>>>, context: &mut Context) -> Poll<Option<T>> {
    let mut request = request.borrow_mut();
    let Some(answer) = request.as_mut() else { return Poll::Ready(None) };
    let answer = answer.as_mut().poll(context).map(Some);
    if answer.is_ready() {
        *request = None;
    }
    answer
}
