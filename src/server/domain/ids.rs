//! Ids: 128 random bits each, or for an event 88 after its time, written as 22 characters of base64url. Each kind has its
//! own type, so that the compiler finds a mix-up.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::unix_time::UnixTime;

/// Bytes of an id.
pub const ID_BYTES: usize = 16;

/// The text is not one of our ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name([u8; ID_BYTES]);

        impl $name {
            /// Makes an id from these random bytes.
            #[must_use]
            pub const fn from_random(bytes: [u8; ID_BYTES]) -> Self {
                Self(bytes)
            }

            /// Parses the one spelling that [`fmt::Display`] writes.
            ///
            /// # Errors
            /// [`NotAnId`] for anything else.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                let mut bytes = [0; ID_BYTES];
                // The slice form checks the exact length; the engine rejects padding and unused bits.
                match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
                    Ok(ID_BYTES) => Ok(Self(bytes)),
                    Ok(_) | Err(_) => Err(NotAnId),
                }
            }

            /// Returns its bytes.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; ID_BYTES] {
                self.0
            }

            /// Returns the id as a number: the key in the blocklist.
            #[must_use]
            pub const fn to_bits(self) -> u128 {
                u128::from_be_bytes(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }
    };
}

id! {
    /// A user: the claim `sub`. A name can go to another user later, an id never does.
    UserId
}
id! {
    /// One sign-in on one device: the claim `sid`.
    SessionId
}
id! {
    /// One access token: the claim `jti`.
    TokenId
}
id! {
    /// What the blocklist in memory contains: the id of a session or of a token.
    BlockedId
}
id! {
    /// One browser with which a user signed in.
    DeviceId
}
id! {
    /// One bucket of the throttle: bits of a MAC, from `throttle_key`.
    ThrottleKey
}
id! {
    /// One security event.
    EventId
}

id! {
    /// One mail in the queue.
    MailId
}

id! {
    /// One store: the first part of a cursor of the feed.
    StoreId
}

impl EventId {
    /// Makes an id from a time and random bytes. Ids of the same second have the same beginning, so that their rows are
    /// beside each other in the index: a new row then changes a page that is at hand, however long the table is.
    #[must_use]
    pub fn new(at: UnixTime, random: [u8; ID_BYTES]) -> Self {
        let mut bytes = random;
        let [_, _, _, time @ ..] = at.0.to_be_bytes();
        bytes[..time.len()].copy_from_slice(&time);
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_second_have_ids_with_the_same_beginning_and_no_two_are_the_same() {
        let [one, two, later] = [(100, 1), (100, 2), (101, 1)]
            .map(|(at, random)| EventId::new(UnixTime(at), [random; ID_BYTES]).to_bytes());
        assert_eq!((one[..5] == two[..5], one[..5] == later[..5]), (true, false));
        assert!(one[5..] == [1; 11] && two[5..] == [2; 11]);
    }

    #[test]
    fn an_id_is_read_back_from_its_text_alone() {
        let id = SessionId::from_random([0xA5; ID_BYTES]);
        let text = id.to_string();

        assert_eq!(text.len(), 22);
        assert_eq!(SessionId::parse(&text), Ok(id));
        for bad in ["", "short", &format!("{text}="), &format!(" {text}"), &format!("{}_", &text[..21]), &text[..21]] {
            assert_eq!(SessionId::parse(bad), Err(NotAnId), "{bad:?}");
        }
    }
}
