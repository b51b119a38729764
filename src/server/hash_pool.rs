//! Where passwords are hashed: a fixed number at a time, off the threads that serve requests.
//!
//! One hash takes 19 MiB and tens of milliseconds of a core. So `HASH_CONCURRENCY` run, `HASH_QUEUE` wait, and
//! whoever comes then is told so at once; a flood of sign-ins can neither fill the memory nor slow other doors.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// The pool. Cheap to clone.
#[derive(Clone)]
pub struct HashPool {
    /// A place, running or waiting: without one the answer is [`Overloaded`].
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// All places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords to hash")]
pub struct Overloaded;

impl HashPool {
    #[must_use]
    pub fn new(concurrency: usize, queue: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(concurrency + queue)), running: Arc::new(Semaphore::new(concurrency)) }
    }

    /// Runs a job when its turn comes.
    ///
    /// A caller that gives up while waiting frees its place; one that gives up later frees nothing, as the job owns
    /// its permits and goes on: otherwise a client could start more hashes than allowed by hanging up.
    ///
    /// # Errors
    /// [`Overloaded`], at once.
    ///
    /// # Panics
    /// Where the job does.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Overloaded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Overloaded)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Overloaded)?;
        let job = tokio::task::spawn_blocking(move || {
            let result = job();
            drop((turn, place));
            result
        });
        Ok(job.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic())))
    }
}
