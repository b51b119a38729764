//! A cursor of the feed: which store, and up to which number of its blocklist a service knows all entries.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use super::ids::StoreId;

/// A cursor. Services treat its text as opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub store: StoreId,
    pub seq: i64,
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl Cursor {
    /// Parses the one spelling that [`fmt::Display`] writes.
    ///
    /// # Errors
    /// [`NotACursor`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotACursor> {
        let (store, seq) = text.split_once('.').ok_or(NotACursor)?;
        let cursor =
            Self { store: StoreId::parse(store).map_err(|_| NotACursor)?, seq: seq.parse().map_err(|_| NotACursor)? };
        if cursor.seq >= 0 && cursor.to_string() == text { Ok(cursor) } else { Err(NotACursor) }
    }
}

/// Returns the id for cursors of this store while this server of a database has it. A standby that takes over may lack the
/// newest rows and give their numbers to others, so cursors from before say nothing about what it has.
#[must_use]
pub fn id_under(store: StoreId, server: Option<&str>) -> StoreId {
    let Some(server) = server else { return store };
    let mut hashed = Context::new(&SHA256);
    hashed.update(&store.to_bytes());
    hashed.update(server.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hashed.finish().as_ref()[..16]);
    StoreId::from_random(id)
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.store, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_under_another_server_are_others_and_without_one_the_store_names_itself() {
        let store = StoreId::from_random([7; 16]);
        let ids = [None, Some("2026-11-28 13:00:00+00"), Some("2026-11-28 13:00:01+00")]
            .map(|server| id_under(store, server));
        assert_eq!(ids[0], store);
        assert!(ids[0] != ids[1] && ids[1] != ids[2]);
        assert_eq!(id_under(store, Some("2026-11-28 13:00:00+00")), ids[1]);
    }

    #[test]
    fn a_cursor_is_read_back_from_its_text_alone() {
        let cursor = Cursor { store: StoreId::from_random([0xA5; 16]), seq: 42 };
        let text = cursor.to_string();
        assert_eq!(Cursor::parse(&text), Ok(cursor));
        let store = cursor.store;
        for bad in [
            String::new(),
            store.to_string(),
            format!("{store}."),
            format!("{store}.+42"),
            format!("{store}.042"),
            format!("{store}.-1"),
            format!("{store}.42 "),
            format!("{store}.42.42"),
            format!("{store}.9223372036854775808"),
            "x.42".into(),
            text.replace('.', "-"),
        ] {
            assert_eq!(Cursor::parse(&bad), Err(NotACursor), "{bad:?}");
        }
    }
}
