//! The errors about second factors, passkeys and mail, as the contract's table has them.

use super::internal;
use crate::api_types::ApiError;
use crate::server::flows::{ChangeEmailError, ChangeFactorsError, PasskeyError, ResetPasswordError, SecondFactorError};

impl From<SecondFactorError> for ApiError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::ChallengeGone => Self::ChallengeExpired,
            SecondFactorError::Wrong => Self::BadSecondFactor,
            SecondFactorError::Throttled(throttled) => throttled.into(),
            SecondFactorError::Check(error) => error.into(),
            SecondFactorError::Passkey(error) => error.into(),
            SecondFactorError::Store(error) => error.into(),
            SecondFactorError::Start(error) => error.into(),
        }
    }
}

impl From<ChangeFactorsError> for ApiError {
    fn from(error: ChangeFactorsError) -> Self {
        match error {
            // Signing in again, with the second factor, helps.
            ChangeFactorsError::NotRecognised => Self::FreshTokenRequired,
            ChangeFactorsError::ConfirmedAlready => Self::TotpExists,
            ChangeFactorsError::NothingThere => Self::NotFound,
            ChangeFactorsError::WrongCode => Self::BadSecondFactor,
            ChangeFactorsError::Sealed(_) => internal(&error),
            ChangeFactorsError::Store(error) => error.into(),
        }
    }
}

impl From<PasskeyError> for ApiError {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Unavailable => Self::PasskeysUnavailable,
            PasskeyError::ChallengeExpired => Self::ChallengeExpired,
            PasskeyError::Malformed | PasskeyError::Name(_) => Self::InvalidRequest,
            PasskeyError::Refused => Self::BadPasskey,
            PasskeyError::Unknown => Self::UnknownPasskey,
            PasskeyError::NotAdded => Self::PasskeyNotAdded,
            PasskeyError::NoSuchPasskey => Self::NotFound,
            PasskeyError::Change(error) => error.into(),
            PasskeyError::Throttled(throttled) => throttled.into(),
            PasskeyError::Login(error) => error.into(),
            PasskeyError::Store(error) => error.into(),
            PasskeyError::NotBegun(_) => internal(&error),
        }
    }
}

impl From<ChangeEmailError> for ApiError {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::NoMail => Self::MailOff,
            ChangeEmailError::NotAnEmail(_) => Self::InvalidEmail,
            ChangeEmailError::BadLink => Self::BadLink,
            ChangeEmailError::Taken => Self::EmailTaken,
            ChangeEmailError::Throttled(throttled) => throttled.into(),
            ChangeEmailError::Store(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for ApiError {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::NoMail => Self::MailOff,
            ResetPasswordError::Missing => Self::MissingUsername,
            ResetPasswordError::BadLink => Self::BadLink,
            ResetPasswordError::Throttled(throttled) => throttled.into(),
            ResetPasswordError::New(error) => error.into(),
            ResetPasswordError::Overloaded(_) => Self::Overloaded,
            ResetPasswordError::Store(error) => error.into(),
        }
    }
}
