//! Claims that an operator (`ADDITIONAL_CLAIMS`) or a flow adds to access tokens, roles among them.

use serde_json::{Map, Value};

use super::claims::{RESERVED, Unambiguous};
use super::user::Role;

/// Bytes of all additional claims as JSON. A client sends the token with every request, and a token has at most 4096
/// bytes.
const MAX_BYTES: usize = 1024;

/// Claims that must not be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitClaims {
    #[error("is not a JSON object, or a member appears twice")]
    NotAnObject,
    #[error("would replace `{0}`, a claim of the server")]
    Reserved(String),
    #[error("has `roles` that are not a list of names")]
    Roles,
    #[error("would make every user an administrator")]
    Admin,
    #[error("has more than {MAX_BYTES} bytes")]
    TooLarge,
}

/// Claims to add: any that are not reserved, and roles in addition to the user's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdditionalClaims {
    claims: Map<String, Value>,
    roles: Vec<String>,
}

impl AdditionalClaims {
    /// Parses a JSON object. Its member `roles` is added to the roles of every user.
    ///
    /// # Errors
    /// [`UnfitClaims`].
    pub fn parse(json: &str) -> Result<Self, UnfitClaims> {
        if json.len() > MAX_BYTES {
            return Err(UnfitClaims::TooLarge);
        }
        match serde_json::from_str(json) {
            Ok(Unambiguous(Value::Object(claims))) => Self::new(claims),
            _ => Err(UnfitClaims::NotAnObject),
        }
    }

    /// Accepts claims that a flow made.
    ///
    /// # Errors
    /// [`UnfitClaims`].
    pub fn new(mut claims: Map<String, Value>) -> Result<Self, UnfitClaims> {
        let roles = match claims.remove("roles") {
            None => Vec::new(),
            Some(roles) => serde_json::from_value(roles).map_err(|_| UnfitClaims::Roles)?,
        };
        if roles.iter().any(|role: &String| role.is_empty() || role.contains(char::is_whitespace)) {
            return Err(UnfitClaims::Roles);
        }
        if roles.iter().any(|role| role == Role::Admin.as_str()) {
            return Err(UnfitClaims::Admin);
        }
        if let Some(name) = claims.keys().find(|name| RESERVED.contains(&name.as_str())) {
            return Err(UnfitClaims::Reserved(name.clone()));
        }
        let additional = Self { claims, roles };
        if additional.to_json().len() > MAX_BYTES { Err(UnfitClaims::TooLarge) } else { Ok(additional) }
    }

    /// Writes the form that [`Self::parse`] reads.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut object = self.claims.clone();
        if !self.roles.is_empty() {
            object.insert("roles".to_owned(), self.roles.clone().into());
        }
        Value::Object(object).to_string()
    }

    /// Combines both. If both have the same claim, that of `more` counts.
    #[must_use]
    pub fn and(&self, more: &Self) -> Self {
        let mut both = self.clone();
        both.claims.extend(more.claims.clone());
        both.roles.extend(more.roles.iter().cloned());
        both
    }

    /// The members to write after our own claims.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Returns the user's own roles and the added ones, each once.
    #[must_use]
    pub fn with_roles_of(&self, mut own: Vec<String>) -> Vec<String> {
        for role in &self.roles {
            if !own.contains(role) {
                own.push(role.clone());
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_claims_cannot_be_replaced() {
        for name in RESERVED.into_iter().filter(|name| *name != "roles") {
            let refused = AdditionalClaims::parse(&format!(r#"{{"{name}":"x"}}"#));
            assert_eq!(refused, Err(UnfitClaims::Reserved(name.into())));
        }
        // Escaped, it is the same name.
        assert_eq!(AdditionalClaims::parse(r#"{"\u0065xp":1}"#), Err(UnfitClaims::Reserved("exp".into())));
    }

    #[test]
    fn roles_are_added_and_never_taken_away_nor_make_an_administrator() {
        let added = AdditionalClaims::parse(r#"{"tenant":"north","roles":["member"]}"#).unwrap();
        assert_eq!(added.with_roles_of(vec!["admin".into(), "member".into()]), ["admin", "member"]);
        assert_eq!(added.with_roles_of(vec![]), ["member"]);
        assert_eq!(added.members()["tenant"], "north");
        assert_eq!(AdditionalClaims::parse(&added.to_json()).as_ref(), Ok(&added));

        assert_eq!(AdditionalClaims::parse(r#"{"roles":["admin"]}"#), Err(UnfitClaims::Admin));
        assert_eq!(AdditionalClaims::parse(r#"{"roles":"member"}"#), Err(UnfitClaims::Roles));
        assert_eq!(AdditionalClaims::parse(r#"{"roles":["two words"]}"#), Err(UnfitClaims::Roles));
    }

    #[test]
    fn only_a_small_object_is_taken() {
        for text in ["", "[]", "1", "null", "{", r#"{"a":1} x"#] {
            assert_eq!(AdditionalClaims::parse(text), Err(UnfitClaims::NotAnObject), "{text}");
        }
        for twice in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"a":[{"b":{"c":1,"c":2}}]}"#] {
            assert_eq!(AdditionalClaims::parse(twice), Err(UnfitClaims::NotAnObject), "{twice}");
        }
        let every_kind = r#"{"a":[null,true,-1,18446744073709551615,1.5,"\u00e9"],"b":{"c":{}}}"#;
        let read = AdditionalClaims::parse(every_kind).unwrap();
        assert_eq!(Value::Object(read.members().clone()), serde_json::from_str::<Value>(every_kind).unwrap());
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_BYTES));
        assert_eq!(AdditionalClaims::parse(&large), Err(UnfitClaims::TooLarge));
    }
}
