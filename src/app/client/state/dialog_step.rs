//! The two steps of a sign-in in the dialog: first the password, then what the account has as a second factor. Pure.

use crate::api_types::ApiError;

/// What the dialog asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogStep {
    Password,
    SecondFactor,
}

impl DialogStep {
    /// Returns the step after the server refused what was sent.
    #[must_use]
    pub fn after(self, refused: ApiError) -> Self {
        match refused {
            ApiError::SecondFactorRequired => Self::SecondFactor,
            // Of the password: it was answered, it took too long, or the account has changed.
            ApiError::ChallengeExpired => Self::Password,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DialogStep::{Password, SecondFactor};
    use crate::api_types::ApiError;

    #[test]
    fn the_right_password_leads_on_and_a_challenge_that_is_over_leads_back() {
        assert_eq!(Password.after(ApiError::SecondFactorRequired), SecondFactor);
        assert_eq!(SecondFactor.after(ApiError::ChallengeExpired), Password);
        // Asked for a passkey alone, which took too long.
        assert_eq!(Password.after(ApiError::ChallengeExpired), Password);
        for refused in
            [ApiError::BadCredentials, ApiError::BadSecondFactor, ApiError::BadPasskey, ApiError::Unreachable]
        {
            assert_eq!((Password.after(refused), SecondFactor.after(refused)), (Password, SecondFactor), "{refused:?}");
        }
    }
}
