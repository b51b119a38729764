//! The sign-outs among the writes of one transaction, arranged so that few statements do them all.

use std::collections::{HashMap, HashSet};

use super::queue::{End, Write};
use crate::server::domain::blocklist::{Blocked, Entry, keep_until};
use crate::server::domain::ids::SessionId;
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;

/// What ends in one transaction.
#[derive(Default)]
pub(super) struct Endings<'a> {
    /// The places of these writes among all.
    pub places: Vec<usize>,
    writes: Vec<&'a Write>,
    /// Each session once: two requests can end the same one.
    pub events: Vec<(SessionId, &'a NewEvent)>,
    pub sessions: Vec<SessionId>,
    /// The sessions that end because a refresh token was used again.
    pub reused: Vec<(SessionId, UnixTime)>,
}

impl<'a> Endings<'a> {
    pub(super) fn of(writes: &'a [Write]) -> Self {
        let (mut endings, mut seen) = (Self::default(), HashSet::new());
        for (place, write) in writes.iter().enumerate() {
            match write {
                Write::EndSession(end) => {
                    if seen.insert(end.id) {
                        endings.events.push((end.id, &end.event));
                    }
                    match end.reused_at {
                        Some(at) => endings.reused.push((end.id, at)),
                        None => endings.sessions.push(end.id),
                    }
                }
                Write::BlockToken { .. } => {}
                _ => continue,
            }
            endings.places.push(place);
            endings.writes.push(write);
        }
        endings
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the entries of the blocklist, in the order of `places`. `ended`: the sessions that existed, and when the
    /// newest access token of each expires. They have no number yet.
    pub(super) fn entries(&self, ended: &HashMap<String, i64>) -> Vec<Entry> {
        let entry = |write: &&Write| match write {
            Write::EndSession(end) => {
                let End { id, at_least_until, leeway, .. } = end.as_ref();
                // The session may have newer tokens than the one that ends it.
                let last =
                    ended.get(&id.to_string()).map_or(*at_least_until, |last| UnixTime(*last).max(*at_least_until));
                Entry { blocked: Blocked::Session(*id), keep_until: keep_until(last, *leeway), seq: 0 }
            }
            Write::BlockToken { id, keep_until } => {
                Entry { blocked: Blocked::Token(*id), keep_until: *keep_until, seq: 0 }
            }
            _ => unreachable!("only these two are collected"),
        };
        self.writes.iter().map(entry).collect()
    }
}
