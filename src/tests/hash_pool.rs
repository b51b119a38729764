//! The hash pool runs a fixed number of jobs at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use handstamp::server::hash_pool::{HashPool, Overloaded};
use tokio::sync::mpsc as async_mpsc;

/// Jobs that report when they begin, and end on command.
struct Jobs {
    pool: HashPool,
    begun: async_mpsc::UnboundedReceiver<()>,
    begin: async_mpsc::UnboundedSender<()>,
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Jobs {
    fn new(concurrency: usize, queue: usize) -> Self {
        let (begin, begun) = async_mpsc::unbounded_channel();
        Self { pool: HashPool::new(concurrency, queue), begun, begin, running: Arc::default(), most: Arc::default() }
    }

    /// Starts a job. It ends when the sender says so.
    fn start(&self) -> (tokio::task::JoinHandle<Result<(), Overloaded>>, mpsc::Sender<()>) {
        let (end, ended) = mpsc::channel();
        let (pool, begin) = (self.pool.clone(), self.begin.clone());
        let (running, most) = (Arc::clone(&self.running), Arc::clone(&self.most));
        let job = tokio::spawn(async move {
            pool.run(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                begin.send(()).unwrap();
                ended.recv().unwrap();
                running.fetch_sub(1, Ordering::SeqCst);
            })
            .await
        });
        (job, end)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_exactly_so_many_run_at_a_time() {
    for concurrency in [1, 2, 4] {
        let mut jobs = Jobs::new(concurrency, 64);
        let started: Vec<_> = (0..3 * concurrency).map(|_| jobs.start()).collect();
        for _ in 0..concurrency {
            jobs.begun.recv().await.unwrap();
        }
        assert_eq!(jobs.running.load(Ordering::SeqCst), concurrency);

        // The next jobs begin only when others end.
        for (_, end) in &started {
            end.send(()).unwrap();
        }
        for (job, _) in started {
            job.await.unwrap().unwrap();
        }
        assert_eq!(jobs.most.load(Ordering::SeqCst), concurrency);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_the_queue_has_so_many_places_and_the_next_is_refused_at_once() {
    let mut jobs = Jobs::new(1, 2);
    let (running, end_running) = jobs.start();
    jobs.begun.recv().await.unwrap();
    // On this thread, so that both have their places before the third asks.
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut wait = Box::pin(jobs.pool.run(|| ()));
        assert!(futures::poll!(&mut wait).is_pending());
        waiting.push(wait);
    }

    assert_eq!(jobs.pool.run(|| ()).await, Err(Overloaded));

    end_running.send(()).unwrap();
    running.await.unwrap().unwrap();
    for wait in waiting {
        wait.await.unwrap();
    }
    jobs.pool.run(|| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_frees_its_place_in_the_queue_but_not_a_running_job() {
    let mut jobs = Jobs::new(1, 0);
    let (job, end) = jobs.start();
    jobs.begun.recv().await.unwrap();

    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    assert_eq!(jobs.running.load(Ordering::SeqCst), 1);
    assert_eq!(jobs.pool.run(|| ()).await, Err(Overloaded), "it still runs");

    end.send(()).unwrap();
    // The permits come back when the job ends, although no caller waits for it any more.
    while jobs.pool.run(|| ()).await.is_err() {
        tokio::task::yield_now().await;
    }
}
