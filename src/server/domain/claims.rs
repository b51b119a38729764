//! The claims of an access token (RFC 7519, section 4; RFC 9068, section 2.2).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::methods::Methods;
use super::unix_time::UnixTime;

/// The claims of an access token, with their names on the wire. They contain nothing secret: anyone can read a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims<'t> {
    /// Issuer: this service's public URL.
    pub iss: Cow<'t, str>,
    /// Audience: the services that the token is for.
    pub aud: Cow<'t, str>,
    /// Subject: the user's id. Opaque and stable.
    pub sub: Cow<'t, str>,
    /// For display only; `sub` identifies the user.
    pub username: Cow<'t, str>,
    /// The client that the token was issued to (RFC 9068, section 2.2): one name for all of ours, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Cow<'t, str>>,
    /// Session id. The blocklist records it when the session ends.
    pub sid: Cow<'t, str>,
    /// Token id. The blocklist records it when one token is blocked.
    pub jti: Cow<'t, str>,
    /// Issued at.
    pub iat: UnixTime,
    /// Not before.
    pub nbf: UnixTime,
    /// Expires at. From this second on the token is rejected.
    pub exp: UnixTime,
    /// Always [`ACCESS`]: no other kind of token is signed with this key.
    #[serde(rename = "type")]
    pub kind: Cow<'t, str>,
    /// The time until which the password counts as just typed.
    pub fresh: Fresh,
    /// How the user was recognised (RFC 8176).
    pub amr: Methods,
    /// When the user was recognised (RFC 9470, section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<UnixTime>,
    /// How sure that is: the name of an [`Assurance`](super::methods::Assurance). Our own doors decide by `amr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Cow<'t, str>>,
    pub roles: Vec<String>,
    /// Claims that the operator or a flow added.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

/// The one value of the claim `type`.
pub const ACCESS: &str = "access";

/// Names that cannot be added or replaced: those of [`Claims`], those with a meaning for authorization in RFC 8693 or
/// RFC 9449, and the members that `/introspect` adds to the claims (RFC 7662).
pub const RESERVED: [&str; 21] = [
    "iss",
    "aud",
    "sub",
    "username",
    "sid",
    "jti",
    "iat",
    "nbf",
    "exp",
    "type",
    "fresh",
    "amr",
    "auth_time",
    "acr",
    "roles",
    "act",
    "may_act",
    "cnf",
    "client_id",
    "active",
    "token_type",
];

/// Returns whether a text can be the claim `client_id` (RFC 6749, appendix A.1). It is short, because a token has at most
/// 4096 bytes.
#[must_use]
pub fn can_be_client_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// The claim `fresh`: a time, or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fresh {
    Until(UnixTime),
    Never(False),
}

/// JSON's `false`, and no other value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
pub struct False;

impl TryFrom<bool> for False {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Err("a time or false") } else { Ok(Self) }
    }
}

impl From<False> for bool {
    fn from(_: False) -> Self {
        false
    }
}

/// Reads every claim once: a claim that is missing, appears twice (also escaped) or has a wrong type is an error.
/// Only `client_id` can be missing; and `amr`, `auth_time` and `acr`, which an earlier version did not issue. Written by hand, because serde's `flatten` accepts a duplicate additional claim (the last one counts) and copies
/// everything.
impl<'de> Deserialize<'de> for Claims<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadClaims)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Iss,
    Aud,
    Sub,
    Username,
    #[serde(rename = "client_id")]
    ClientId,
    Sid,
    Jti,
    Iat,
    Nbf,
    Exp,
    Type,
    Fresh,
    Amr,
    #[serde(rename = "auth_time")]
    AuthTime,
    Acr,
    Roles,
    Additional(String),
}

/// A string that is copied only if it has escapes.
#[derive(Deserialize)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

struct ReadClaims;

impl<'de> Visitor<'de> for ReadClaims {
    type Value = Claims<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the claims of an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims<'de>, A::Error> {
        let mut texts: [Option<Text>; 7] = [const { None }; 7];
        let mut times: [Option<UnixTime>; 3] = [None; 3];
        let mut client_id: Option<Text> = None;
        let mut acr: Option<Text> = None;
        let (mut amr, mut auth_time) = (None, None);
        let (mut fresh, mut roles, mut additional) = (None, None, Map::new());
        while let Some(name) = map.next_key()? {
            match name {
                Name::Iss => once(&mut texts[0], &mut map)?,
                Name::Aud => once(&mut texts[1], &mut map)?,
                Name::Sub => once(&mut texts[2], &mut map)?,
                Name::Username => once(&mut texts[3], &mut map)?,
                Name::Sid => once(&mut texts[4], &mut map)?,
                Name::Jti => once(&mut texts[5], &mut map)?,
                Name::Type => once(&mut texts[6], &mut map)?,
                Name::ClientId => once(&mut client_id, &mut map)?,
                Name::Iat => once(&mut times[0], &mut map)?,
                Name::Nbf => once(&mut times[1], &mut map)?,
                Name::Exp => once(&mut times[2], &mut map)?,
                Name::Fresh => once(&mut fresh, &mut map)?,
                Name::Amr => once(&mut amr, &mut map)?,
                Name::AuthTime => once(&mut auth_time, &mut map)?,
                Name::Acr => once(&mut acr, &mut map)?,
                Name::Roles => once(&mut roles, &mut map)?,
                Name::Additional(name) => {
                    let Unambiguous(value) = map.next_value()?;
                    if additional.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim comes twice"));
                    }
                }
            }
        }
        let missing = || A::Error::custom("a claim is missing");
        let [Some(iss), Some(aud), Some(sub), Some(username), Some(sid), Some(jti), Some(kind)] = texts else {
            return Err(missing());
        };
        let [Some(iat), Some(nbf), Some(exp)] = times else { return Err(missing()) };
        Ok(Claims {
            iss: iss.0,
            aud: aud.0,
            sub: sub.0,
            username: username.0,
            client_id: client_id.map(|id| id.0),
            sid: sid.0,
            jti: jti.0,
            iat,
            nbf,
            exp,
            kind: kind.0,
            fresh: fresh.ok_or_else(missing)?,
            amr: amr.unwrap_or_default(),
            auth_time,
            acr: acr.map(|acr| acr.0),
            roles: roles.ok_or_else(missing)?,
            additional,
        })
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(slot: &mut Option<T>, map: &mut A) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::custom("a claim comes twice"));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

/// Any JSON value whose objects have no duplicate members. `serde_json::Value` accepts duplicates and takes the last
/// one; another reader may take the first.
pub(super) struct Unambiguous(pub Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadValue).map(Self)
    }
}

struct ReadValue;

impl<'de> Visitor<'de> for ReadValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON in which no member comes twice")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unambiguous(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unambiguous(value))) = map.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(members.into())
    }
}
