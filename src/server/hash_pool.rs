//! Where passwords are hashed: a fixed number at a time, off the threads that serve requests.
//!
//! One hash takes 19 MiB and tens of milliseconds of a core. So `HASH_CONCURRENCY` run, `HASH_QUEUE` wait, and
//! whoever comes then is told so at once; a flood of sign-ins can neither fill the memory nor slow other doors.
//!
//! The threads are our own and few: the allocator keeps the memory of a hash for the thread that freed it, and tokio's
//! blocking threads are as many as it likes (a flood made them keep 500 MB). And they give way to those that serve.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::warn;

/// How far the threads give way to others (`man 2 nice`): a third of the time of one that serves, where both want all of
/// it; all that is left, where they do not.
const NICE: i32 = 5;

/// Few: each may wait for all that are before it.
const KEPT_PLACES: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Cheap to clone; its threads end with the last clone.
#[derive(Clone)]
pub struct HashPool {
    /// A place, running or waiting: without one the answer is [`Overloaded`].
    places: Arc<Semaphore>,
    /// Places for those who are no strangers, when all others are taken.
    kept_places: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// As many threads take from it as may run.
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
    /// Since the beginning.
    pub refused: u64,
}

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords to hash")]
pub struct Overloaded;

/// A place in the queue; whoever drops it leaves.
#[must_use]
pub struct Place {
    pool: HashPool,
    permit: OwnedSemaphorePermit,
}

impl HashPool {
    /// Starts the threads.
    ///
    /// # Panics
    /// Where the system has none to give.
    #[must_use]
    pub fn new(concurrency: usize, queue: usize) -> Self {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for index in 0..concurrency {
            let waiting = Arc::clone(&waiting);
            let thread = thread::Builder::new().name("hash".to_owned());
            let run = move || {
                // What is refused to one is refused to all: the first tells of it.
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

    /// Takes a place, before other work is done for somebody who would be refused.
    ///
    /// # Errors
    /// [`Overloaded`], at once.
    pub fn place(&self) -> Result<Place, Overloaded> {
        self.place_in(&[&self.places])
    }

    /// As [`Self::place`], for somebody who is no stranger: however many strangers come, some places are kept for these.
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

    /// How busy it is. The numbers are read one after the other, and may be off by what happens between.
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
    /// A caller that gives up while waiting frees its place; one that gives up later frees nothing, as the job owns
    /// its permits and goes on: otherwise a client could start more hashes than allowed by hanging up.
    ///
    /// # Errors
    /// [`Overloaded`] where the pool is no more.
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
            // Fails only where whoever asked is gone.
            let _ = done.send(result);
        });
        pool.jobs.send(job).map_err(|_| Overloaded)?;
        Ok(doing.await.map_err(|_| Overloaded)?.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

/// On Linux this thread alone does. Where it is refused the jobs run all the same.
fn give_way(tells: bool) {
    if let Err(error) = rustix::process::nice(NICE)
        && tells
    {
        warn!(
            %error,
            "Hashing passwords does not give way to requests: many sign-ins at a time make every answer slow; allow the \
             system call setpriority (under systemd: SystemCallFilter=setpriority)"
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
