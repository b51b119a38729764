//! A passkey: a credential that an authenticator made for one user of this server. The store keeps its public part.
//!
//! `passkey_ceremonies.rs` makes and uses them. This file knows what is kept.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState, UncompressedPubKey};
use webauthn_rp::response::{AuthTransports, Backup, CredentialId};

use super::ids::UserId;
use super::unix_time::UnixTime;

/// Characters of the longest name.
pub const MAX_NAME: usize = 64;

/// A public key as the library reads it.
pub(super) type PublicKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// The id that the authenticator gave to the credential, as base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyId(String);

/// The name that the user gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyName(String);

/// What is needed to verify the next answer of the authenticator: how to reach it, the counter, the public key.
#[derive(Clone, Debug)]
pub struct Credential {
    transports: AuthTransports,
    pub(super) changing: DynamicState,
    /// As the library writes it.
    fixed: Vec<u8>,
}

/// A passkey as the store keeps it.
#[derive(Clone, Debug)]
pub struct Passkey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub name: PasskeyName,
    pub credential: Credential,
    /// The browser made it without a question, after a sign-in with the password. The user may not know of it, so a sign-in
    /// with the password does not ask for it.
    pub quiet: bool,
    pub created_at: UnixTime,
    pub last_used_at: Option<UnixTime>,
}

/// The text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a name: use at most {MAX_NAME} characters, and no control characters")]
pub struct NotAName;

impl PasskeyId {
    pub(super) fn of(id: CredentialId<&[u8]>) -> Self {
        Self(URL_SAFE_NO_PAD.encode(id.as_ref()))
    }

    /// Reads the one spelling that browsers write. Returns nothing if no authenticator makes such an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        CredentialId::<&[u8]>::decode(&bytes).ok().map(Self::of)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id for the library; nothing if the text in the store is damaged.
    pub(super) fn credential_id(&self) -> Option<CredentialId<Vec<u8>>> {
        CredentialId::<Vec<u8>>::decode(URL_SAFE_NO_PAD.decode(&self.0).ok()?).ok()
    }
}

impl PasskeyName {
    /// Ignores white space around the name.
    ///
    /// # Errors
    /// [`NotAName`], also for an empty text.
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= MAX_NAME && !text.contains(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }

    /// Returns the name of a passkey whose user gave none. `device`: "Firefox on Windows", or nothing.
    #[must_use]
    pub fn of_device(device: &str) -> Self {
        Self::parse(device).unwrap_or_else(|_| Self("Passkey".to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Credential {
    pub(super) fn new(
        transports: AuthTransports,
        changing: DynamicState,
        fixed: StaticState<UncompressedPubKey<'_>>,
    ) -> Self {
        let Ok(fixed) = fixed.encode();
        Self { transports, changing, fixed }
    }

    /// Returns whether a password manager may copy it to other devices.
    #[must_use]
    pub const fn is_synced(&self) -> bool {
        !matches!(self.changing.backup, Backup::NotEligible)
    }

    /// Returns the same credential with the counter of its last answer.
    pub(super) fn changed(&self, changing: DynamicState) -> Self {
        Self { changing, ..self.clone() }
    }

    pub(super) const fn transports(&self) -> AuthTransports {
        self.transports
    }

    /// Returns the public key; nothing if the text in the store is damaged.
    pub(super) fn fixed(&self) -> Option<StaticState<PublicKey>> {
        StaticState::<PublicKey>::decode(&self.fixed).ok()
    }

    /// Returns the text for the store.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let (Ok(transports), Ok(changing)) = (self.transports.encode(), self.changing.encode());
        let bytes = [&[transports][..], &changing[..], &self.fixed[..]].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a text of [`Self::to_stored`].
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (transports, rest) = bytes.split_first()?;
        let (changing, fixed) = rest.split_first_chunk()?;
        let (transports, changing) = (AuthTransports::decode(*transports).ok()?, DynamicState::decode(*changing).ok()?);
        let credential = Self { transports, changing, fixed: fixed.to_vec() };
        credential.fixed().map(|_| credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling_and_the_length_of_one() {
        let id = URL_SAFE_NO_PAD.encode([7; 16]);
        assert_eq!(PasskeyId::parse(&id).unwrap().as_str(), id);
        assert!(PasskeyId::parse(&URL_SAFE_NO_PAD.encode([7; 1023])).is_some());
        let (short, long) = (URL_SAFE_NO_PAD.encode([7; 15]), URL_SAFE_NO_PAD.encode([7; 1024]));
        for other in ["", "x", &short, &long, &format!("{id}=="), &format!("{}_", &id[..21])] {
            assert_eq!(PasskeyId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_short_and_can_be_shown_on_one_line() {
        assert_eq!(PasskeyName::parse("  Ada's laptop ").unwrap().as_str(), "Ada's laptop");
        assert!(PasskeyName::parse(&"é".repeat(MAX_NAME)).is_ok());
        for bad in ["", " ", "two\nlines", "nul\0", &"x".repeat(MAX_NAME + 1)] {
            assert_eq!(PasskeyName::parse(bad), Err(NotAName), "{bad:?}");
        }
        assert_eq!(PasskeyName::of_device("Firefox on Windows").as_str(), "Firefox on Windows");
        assert_eq!(PasskeyName::of_device("").as_str(), "Passkey");
    }

    #[test]
    fn a_damaged_text_of_the_store_is_no_credential() {
        for damaged in ["", "x", "AAAA", &URL_SAFE_NO_PAD.encode([0; 8]), &URL_SAFE_NO_PAD.encode([255; 60])] {
            assert!(Credential::from_stored(damaged).is_none(), "{damaged}");
        }
    }
}
