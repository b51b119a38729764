//! Who must have a second factor: the setting `REQUIRE_SECOND_FACTOR`.

use super::methods::{Assurance, Methods};
use super::user::Role;

/// The users who must have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequiredOf {
    #[default]
    Nobody,
    Administrators,
    All,
}

impl RequiredOf {
    /// Returns whether a user with these roles, who was recognised by these methods, must show more first.
    #[must_use]
    pub fn is_missing(self, roles: &[String], methods: Methods) -> bool {
        match self {
            Self::Nobody => false,
            Self::Administrators => {
                methods.assurance() < Assurance::Two && roles.iter().any(|role| role == Role::Admin.as_str())
            }
            Self::All => methods.assurance() < Assurance::Two,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_missing_only_if_the_setting_wants_it_of_this_user() {
        let (user, admin) = (vec!["member".to_owned()], vec!["member".to_owned(), "admin".to_owned()]);
        for (required, of_user, of_admin) in [
            (RequiredOf::Nobody, false, false),
            (RequiredOf::Administrators, false, true),
            (RequiredOf::All, true, true),
        ] {
            for (roles, missing) in [(&user, of_user), (&admin, of_admin)] {
                assert_eq!(required.is_missing(roles, Methods::PASSWORD), missing, "{required:?} {roles:?}");
                // A token of an earlier version says nothing.
                assert_eq!(required.is_missing(roles, Methods::default()), missing, "{required:?} {roles:?}");
                assert!(!required.is_missing(roles, Methods::PASSWORD_AND_CODE));
            }
        }
    }
}
