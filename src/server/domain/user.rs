//! Users and their roles.

use std::fmt;

use super::ids::UserId;
use super::unix_time::UnixTime;
use super::username::Username;

/// An account, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: Username,
    pub roles: Roles,
    pub created_at: UnixTime,
    /// From this time on, the user cannot sign in.
    pub disabled_at: Option<UnixTime>,
}

/// What a user may do beyond signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Admin,
}

impl Role {
    /// The name in the claim `roles` and in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
        }
    }
}

/// The roles of a user; most have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// The roles of an administrator.
    #[must_use]
    pub fn admin() -> Self {
        Self(vec![Role::Admin])
    }

    /// Returns whether the administrator role is among them.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.0.contains(&Role::Admin)
    }

    /// Parses the text of the table: names separated by a space. `None` for an unknown name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let role = |name: &str| (name == Role::Admin.as_str()).then_some(Role::Admin);
        text.split_whitespace().map(role).collect::<Option<_>>().map(Self)
    }

    /// The names, as in the claim `roles`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|role| role.as_str().to_owned()).collect()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}
