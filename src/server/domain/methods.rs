//! How a user was recognised: the claims `amr` (RFC 8176) and `acr` (RFC 9470).

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One method, with its name in `amr` (RFC 8176, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
    /// A code of an authenticator app, or a recovery code.
    OneTimeCode,
    /// A passkey that stays in one device.
    HardwareKey,
    /// A passkey that a password manager copies to other devices.
    SoftwareKey,
    /// The device checked the user: a PIN, a finger, a face.
    UserVerified,
    /// At least two kinds of factors.
    MultiFactor,
}

impl Method {
    const ALL: [Self; 6] = [
        Self::Password,
        Self::OneTimeCode,
        Self::HardwareKey,
        Self::SoftwareKey,
        Self::UserVerified,
        Self::MultiFactor,
    ];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimeCode => "otp",
            Self::HardwareKey => "hwk",
            Self::SoftwareKey => "swk",
            Self::UserVerified => "user",
            Self::MultiFactor => "mfa",
        }
    }

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The methods of one sign-in. In the table and in the claim they are names.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Methods(u8);

/// How sure a sign-in is. The claim `acr` has its name; a service may demand one (RFC 9470). The names are those of NIST SP
/// 800-63B, whose other demands Handstamp does not claim to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// One factor.
    One,
    /// Two factors, or a passkey that checked the user.
    Two,
}

impl Assurance {
    /// All, from the lowest.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "aal1",
            Self::Two => "aal2",
        }
    }

    /// Returns the assurance with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|assurance| assurance.name() == name)
    }
}

impl Methods {
    /// A password alone.
    pub const PASSWORD: Self = Self(Method::Password.bit());
    /// A password, and then a code.
    pub const PASSWORD_AND_CODE: Self =
        Self(Method::Password.bit() | Method::OneTimeCode.bit() | Method::MultiFactor.bit());

    /// A passkey. `synced`: a password manager may copy it. `verified`: the device checked the user, so that it is two
    /// factors in one.
    #[must_use]
    pub const fn of_passkey(synced: bool, verified: bool) -> Self {
        let key = if synced { Method::SoftwareKey } else { Method::HardwareKey };
        let user = if verified { Method::UserVerified.bit() | Method::MultiFactor.bit() } else { 0 };
        Self(key.bit() | user)
    }

    /// A password, and then this.
    #[must_use]
    pub const fn after_password(self) -> Self {
        Self(self.0 | Method::Password.bit() | Method::MultiFactor.bit())
    }

    /// These, and a code besides.
    #[must_use]
    pub const fn and_code(self) -> Self {
        Self(self.0 | Method::OneTimeCode.bit() | Method::MultiFactor.bit())
    }

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn has(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    #[must_use]
    pub const fn assurance(self) -> Assurance {
        if self.has(Method::MultiFactor) { Assurance::Two } else { Assurance::One }
    }

    /// Returns the names, in one order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Method::ALL.into_iter().filter(move |method| self.has(*method)).map(Method::name)
    }

    /// Reads names with a space between. Unknown names, from a newer server, count for nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split(' ').filter_map(Method::find).collect()
    }
}

impl FromIterator<Method> for Methods {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        Self(methods.into_iter().fold(0, |bits, method| bits | method.bit()))
    }
}

/// The names with a space between.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Serialize for Methods {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(Some(self.names().count()))?;
        self.names().try_for_each(|name| names.serialize_element(name))?;
        names.end()
    }
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ReadNames)
    }
}

struct ReadNames;

impl<'de> Visitor<'de> for ReadNames {
    type Value = Methods;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Methods, A::Error> {
        let mut methods = Methods::default();
        while let Some(name) = names.next_element::<std::borrow::Cow<str>>()? {
            methods.0 |= Method::find(&name).map_or(0, Method::bit);
        }
        Ok(methods)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_read_back_from_the_table_and_from_a_claim() {
        let all = [
            (Methods::PASSWORD, "pwd", Assurance::One),
            (Methods::PASSWORD_AND_CODE, "pwd otp mfa", Assurance::Two),
            (Methods::of_passkey(true, true), "swk user mfa", Assurance::Two),
            (Methods::of_passkey(false, false), "hwk", Assurance::One),
            (Methods::of_passkey(false, false).after_password(), "pwd hwk mfa", Assurance::Two),
        ];
        for (methods, text, assurance) in all {
            assert_eq!(methods.to_string(), text);
            assert_eq!(Methods::parse(text), methods);
            let claim = serde_json::to_string(&methods).unwrap();
            assert_eq!(claim, format!("[\"{}\"]", text.replace(' ', "\",\"")));
            assert_eq!(serde_json::from_str::<Methods>(&claim).unwrap(), methods);
            assert_eq!(methods.assurance(), assurance);
        }
    }

    #[test]
    fn a_name_from_a_newer_server_counts_for_nothing() {
        assert_eq!(Methods::parse("pwd retina"), Methods::PASSWORD);
        assert_eq!(serde_json::from_str::<Methods>(r#"["retina","pwd"]"#).unwrap(), Methods::PASSWORD);
        assert!(serde_json::from_str::<Methods>(r#""pwd""#).is_err());
    }
}
