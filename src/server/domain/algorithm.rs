//! The algorithms of contract section 5, and the key that each needs (RFC 7518, section 3; RFC 8037).

use std::fmt;

/// The algorithm of a signature. Each key has exactly one, and a token cannot choose another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    /// Ed25519. RFC 9864 calls it `Ed25519`, but libraries still use `EdDSA`. We do the same.
    EdDSA,
}

/// A ring contains keys of one family only. A verifier with both a secret and a public key could confuse them (RFC
/// 8725, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// One secret signs and verifies.
    Secret,
    /// The private key signs, the public key verifies.
    KeyPair,
}

impl Algorithm {
    /// All, in the order of the contract.
    pub const ALL: [Self; 12] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// Returns the name in a token's header (`alg`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// Parses a name in exactly this spelling: `hs256` and `none` are not names.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => Family::Secret,
            _ => Family::KeyPair,
        }
    }

    /// Returns the type of its key (`kty`).
    #[must_use]
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => "oct",
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => "RSA",
            Self::ES256 | Self::ES384 => "EC",
            Self::EdDSA => "OKP",
        }
    }

    /// Returns the minimum bytes of a secret: the size of the hash (RFC 7518, section 3.2). Zero for key pairs.
    #[must_use]
    pub const fn min_secret_bytes(self) -> usize {
        match self {
            Self::HS256 => 32,
            Self::HS384 => 48,
            Self::HS512 => 64,
            _ => 0,
        }
    }

    pub(super) const fn of_library(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as Library;
        match self {
            Self::HS256 => Library::HS256,
            Self::HS384 => Library::HS384,
            Self::HS512 => Library::HS512,
            Self::RS256 => Library::RS256,
            Self::RS384 => Library::RS384,
            Self::RS512 => Library::RS512,
            Self::PS256 => Library::PS256,
            Self::PS384 => Library::PS384,
            Self::PS512 => Library::PS512,
            Self::ES256 => Library::ES256,
            Self::ES384 => Library::ES384,
            Self::EdDSA => Library::EdDSA,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
