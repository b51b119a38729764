//! How long the access token lives, and when the next renewal is due. Pure: every time is an argument.
//!
//! Counts the seconds that the server names, by the clock that no user can set: the browser's own clock can be wrong.

/// Renews this long before the end, or after four fifths of the lifetime if that is later.
const MARGIN_SECONDS: u64 = 60;

/// The shortest time between two renewals by timer. In the last second of a session every new token ends with the session,
/// so without this limit the page would renew again and again.
const SHORTEST_WAIT: u32 = 1000;

/// The times of the access token. Milliseconds count from the moment at which the page was opened.
pub struct Stamp {
    /// When the token ends; nothing while that is not known.
    ends: Option<f64>,
    /// The lifetime of the last token, from issue to expiry, in seconds.
    lifetime: u64,
    /// Milliseconds from 1970, by the server's clock, to the opening of the page.
    server_clock: f64,
}

impl Stamp {
    pub const fn new() -> Self {
        Self { ends: None, lifetime: 0, server_clock: 0.0 }
    }

    /// Takes in that the token lives for this many seconds from now. Returns the milliseconds until its renewal is due.
    #[expect(clippy::cast_precision_loss, reason = "an hour at most")]
    pub fn lives(&mut self, seconds: u64, now: f64) -> u32 {
        self.lifetime = self.lifetime.max(seconds);
        self.ends = Some(now + seconds as f64 * 1000.0);
        renewal_wait(seconds)
    }

    /// Takes in when the server issued the token, its lifetime, and the time left. Returns the same.
    #[expect(clippy::cast_precision_loss, reason = "a time of this century")]
    pub fn learn(&mut self, issued_at: i64, lifetime: u64, left: u64, now: f64) -> u32 {
        self.server_clock = server_time(issued_at, lifetime, left) as f64 * 1000.0 - now;
        self.lifetime = lifetime;
        self.lives(left, now)
    }

    /// Takes in a new token of another tab: it lives as long as the last one did. Returns the same, if that is known.
    pub fn begins_anew(&mut self, now: f64) -> Option<u32> {
        (self.lifetime > 0).then(|| self.lives(self.lifetime, now))
    }

    /// Returns the seconds until the token expires, rounded up.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of one page's life")]
    pub fn seconds_left(&self, now: f64) -> u64 {
        self.ends.map_or(0, |ends| ((ends - now) / 1000.0).ceil() as u64)
    }

    /// Returns when the token expires, in Unix seconds of the server.
    #[expect(clippy::cast_possible_truncation, reason = "a time of this century")]
    pub fn valid_until(&self) -> Option<i64> {
        self.ends.map(|ends| ((self.server_clock + ends) / 1000.0).round() as i64)
    }

    /// Returns whether the token has certainly expired.
    pub fn is_over(&self, now: f64) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// Returns the milliseconds until the renewal is due; nothing if the expiry is not known.
    pub fn renewal_in(&self, now: f64) -> Option<u32> {
        self.ends.map(|_| renewal_wait(self.seconds_left(now)))
    }
}

/// Returns the server's time when it answered, in Unix seconds.
pub fn server_time(issued_at: i64, lifetime: u64, left: u64) -> i64 {
    issued_at.saturating_add_unsigned(lifetime.saturating_sub(left))
}

/// Returns the milliseconds until the renewal of a token that lives for this many seconds.
fn renewal_wait(seconds: u64) -> u32 {
    let wait = seconds.saturating_sub(MARGIN_SECONDS).max(seconds * 4 / 5);
    u32::try_from(wait * 1000).unwrap_or(u32::MAX).max(SHORTEST_WAIT)
}
