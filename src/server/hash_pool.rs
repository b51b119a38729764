//! The pool that hashes passwords: a fixed number at the same time, on threads of its own.
//!
//! One hash takes 19 MiB and tens of milliseconds of a core. Therefore `HASH_CONCURRENCY` hashes run, `HASH_QUEUE`
//! wait, and any further one is refused at once. A flood of sign-ins can neither fill the memory nor slow other doors.
//!
//! The threads are our own and few. The allocator keeps the memory of a hash for the thread that freed it, and tokio
//! starts many blocking threads (in a flood they kept 500 MB). Our threads also have a lower priority than those that
//! serve.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::warn;

/// The lower priority of the threads (`man 2 nice`). If a thread that hashes and one that serves both need a whole
/// core, it gets a third of the time of the other. If the core is free, it gets all of it.
const NICE: i32 = 5;

/// Few, because each may have to wait for all others in the queue.
const KEPT_PLACES: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Cheap to clone; its threads end with the last clone.
#[derive(Clone)]
pub struct HashPool {
    /// Places, running or waiting. Without a free one, the result is [`Overloaded`].
    places: Arc<Semaphore>,
    /// Places for known clients, when all others are taken.
    kept_places: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// As many threads as may run take jobs from it.
    jobs: Sender<Job>,
    concurrency: usize,
    queue: usize,
    refused: Arc<AtomicU64>,
}

/// How busy the pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    pub running: usize,
    pub waiting: usize,
    /// Since the start.
    pub refused: u64,
}

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords to hash")]
pub struct Overloaded;

/// A place in the queue. Dropping it frees it.
#[must_use]
pub struct Place {
    pool: HashPool,
    permit: OwnedSemaphorePermit,
}

impl HashPool {
    /// Starts the threads.
    ///
    /// # Panics
    /// If the system cannot start a thread.
    #[must_use]
    pub fn new(concurrency: usize, queue: usize) -> Self {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for index in 0..concurrency {
            let waiting = Arc::clone(&waiting);
            let thread = thread::Builder::new().name("hash".to_owned());
            let run = move || {
                // If it is refused to one thread, it is refused to all: only the first logs it.
                give_way(index == 0);
                work(&waiting);
            };
            thread.spawn(run).expect("the system has a thread to give");
        }
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        let (places, kept_places, running) =
            (semaphore(concurrency + queue), semaphore(KEPT_PLACES), semaphore(concurrency));
        Self { places, kept_places, running, jobs, concurrency, queue, refused: Arc::default() }
    }

    /// Takes a place. Call it before other work for the request, which may be refused.
    ///
    /// # Errors
    /// [`Overloaded`], at once.
    pub fn place(&self) -> Result<Place, Overloaded> {
        self.place_in(&[&self.places])
    }

    /// Like [`Self::place`], for a known client: some places are kept for these, however many unknown clients come.
    ///
    /// # Errors
    /// [`Overloaded`], at once.
    pub fn kept_place(&self) -> Result<Place, Overloaded> {
        self.place_in(&[&self.places, &self.kept_places])
    }

    fn place_in(&self, places: &[&Arc<Semaphore>]) -> Result<Place, Overloaded> {
        let free = places.iter().find_map(|places| Arc::clone(places).try_acquire_owned().ok());
        let permit = free.ok_or_else(|| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Overloaded
        })?;
        Ok(Place { pool: self.clone(), permit })
    }

    /// Takes a place and runs a job when its turn comes.
    ///
    /// # Errors
    /// [`Overloaded`], at once.
    ///
    /// # Panics
    /// Where the job does.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Overloaded> {
        self.place()?.run(job).await
    }

    /// Returns how busy the pool is. The numbers are read one after the other, so they may differ by what happens
    /// between.
    #[must_use]
    pub fn load(&self) -> Load {
        let running = self.concurrency - self.running.available_permits();
        let free = self.places.available_permits() + self.kept_places.available_permits();
        let taken = (self.concurrency + self.queue + KEPT_PLACES).saturating_sub(free);
        Load { running, waiting: taken.saturating_sub(running), refused: self.refused.load(Ordering::Relaxed) }
    }
}

impl Place {
    /// Runs a job when its turn comes.
    ///
    /// A caller that is dropped while it waits frees its place. If it is dropped later, the job goes on and keeps its
    /// permits: otherwise a client could start more hashes than allowed by hanging up.
    ///
    /// # Errors
    /// [`Overloaded`] if the pool no longer exists.
    ///
    /// # Panics
    /// Where the job does.
    pub async fn run<T: Send + 'static>(self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Overloaded> {
        let Self { pool, permit } = self;
        let turn = Arc::clone(&pool.running).acquire_owned().await.map_err(|_| Overloaded)?;
        let (done, doing) = oneshot::channel();
        let job = Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(job));
            drop((turn, permit));
            // Fails only if the caller has gone.
            let _ = done.send(result);
        });
        pool.jobs.send(job).map_err(|_| Overloaded)?;
        Ok(doing.await.map_err(|_| Overloaded)?.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

/// Lowers the priority, on Linux of this thread only. If that is refused, the jobs run nevertheless.
fn give_way(tells: bool) {
    if let Err(error) = rustix::process::nice(NICE)
        && tells
    {
        warn!(
            %error,
            "The threads that hash passwords cannot lower their priority: many sign-ins at the same time make every answer \
             slow; allow the system call setpriority (under systemd: SystemCallFilter=setpriority)"
        );
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}
