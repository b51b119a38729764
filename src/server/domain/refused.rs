//! Why a token was rejected: the first check that failed, in the order of the checks.

use std::fmt;

/// The checks of `access_token::TokenRules::verify`, in its order: each is made only if all earlier checks passed.
/// `handstamp token inspect` prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Length,
    Characters,
    Parts,
    Header,
    Type,
    KeyId,
    Algorithm,
    Signature,
    Claims,
    Kind,
    Issuer,
    Audience,
    Lifetime,
    Begun,
    Expiry,
    Revocation,
}

impl Check {
    /// All, in order.
    pub const ALL: [Self; 16] = [
        Self::Length,
        Self::Characters,
        Self::Parts,
        Self::Header,
        Self::Type,
        Self::KeyId,
        Self::Algorithm,
        Self::Signature,
        Self::Claims,
        Self::Kind,
        Self::Issuer,
        Self::Audience,
        Self::Lifetime,
        Self::Begun,
        Self::Expiry,
        Self::Revocation,
    ];

    /// What the check demands, in words for an operator who inspects a token.
    #[must_use]
    pub const fn demand(self) -> &'static str {
        match self {
            Self::Length => "at most 4096 bytes",
            Self::Characters => "only A-Z a-z 0-9 - _ and dots",
            Self::Parts => "three parts, separated by dots",
            Self::Header => "the header is base64url of a JSON object with alg, typ, kid and nothing else",
            Self::Type => "typ is at+jwt: an access token",
            Self::KeyId => "kid is the id of a key in the ring that still verifies",
            Self::Algorithm => "alg is the algorithm of that key",
            Self::Signature => "the signature was made with that key",
            Self::Claims => "the claims are base64url of a JSON object; each appears once and has the right type",
            Self::Kind => "type is access",
            Self::Issuer => "iss is this server's JWT_ISSUER",
            Self::Audience => "aud is this server's JWT_AUDIENCE",
            Self::Lifetime => "exp is at most JWT_ACCESS_TOKEN_EXPIRES after iat",
            Self::Begun => "iat and nbf are not in the future",
            Self::Expiry => "exp is not reached",
            Self::Revocation => "neither the token nor its session is on the blocklist",
        }
    }
}

/// A rejected token. The client sees only the three answers of the contract, in `http/error.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TokenRefused(pub Check);

impl fmt::Display for TokenRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed check: {}", self.0.demand())
    }
}

impl From<Check> for TokenRefused {
    fn from(check: Check) -> Self {
        Self(check)
    }
}
