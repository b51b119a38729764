//! The world outside: the one place that reads the clock and draws random bytes. Specs put their own clock here.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::server::domain::unix_time::UnixTime;

/// Clock and chance.
#[derive(Clone)]
pub struct World {
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

impl World {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::with_clock(system_clock)
    }

    /// A clock of one's own.
    pub fn with_clock(clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock) }
    }

    #[must_use]
    pub fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// Random bytes of the operating system's quality.
    ///
    /// # Panics
    /// Where the system has none to give: nothing that needs an id or a salt may go on without.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn system_clock() -> UnixTime {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    // A clock before 1970 is wrong, but no reason to fall over.
    UnixTime(match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        Err(before) => -seconds(before.duration()),
    })
}
