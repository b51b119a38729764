//! The second factors of an account.

/// A kind of second factor, with its name on the wire (contract, section 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    Passkey,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    RecoveryCode,
}

impl FactorKind {
    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// What an account has. Default: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// A confirmed authenticator app.
    pub totp: bool,
    /// Those that the user added; not one that the browser made quietly.
    pub passkeys: u32,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
}

impl Factors {
    /// Returns whether a sign-in with a password must show a second factor. Recovery codes alone are none: they stand in for
    /// one.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.totp || self.passkeys > 0
    }

    /// Returns what can be shown, the best first.
    #[must_use]
    pub fn kinds(&self) -> Vec<FactorKind> {
        let kinds = [
            (FactorKind::Passkey, self.passkeys > 0),
            (FactorKind::Totp, self.totp),
            (FactorKind::RecoveryCode, self.recovery_codes > 0),
        ];
        kinds.into_iter().filter(|(_, has)| *has).map(|(kind, _)| kind).collect()
    }
}
