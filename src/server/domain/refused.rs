//! Why a token was refused: the first check that failed, in the order in which they are made.

use std::fmt;

/// The checks of `access_token::TokenRules::verify`, in its order: each is made only if all before it passed.
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

    /// What is demanded, as a sentence for whoever inspects a token of their own.
    #[must_use]
    pub const fn demand(self) -> &'static str {
        match self {
            Self::Length => "at most 4096 bytes",
            Self::Characters => "nothing but A-Z a-z 0-9 - _ and dots",
            Self::Parts => "three parts with dots between",
            Self::Header => "the header is base64url of a JSON object with alg, typ, kid and nothing else",
            Self::Type => "typ is at+jwt: an access token and no other kind",
            Self::KeyId => "kid names a key of the ring that still verifies",
            Self::Algorithm => "alg is the algorithm of that key",
            Self::Signature => "the signature is that key's",
            Self::Claims => "the claims are base64url of a JSON object, each there once and of its type",
            Self::Kind => "type is access",
            Self::Issuer => "iss is this server's JWT_ISSUER",
            Self::Audience => "aud is this server's JWT_AUDIENCE",
            Self::Lifetime => "from iat to exp no longer than JWT_ACCESS_TOKEN_EXPIRES",
            Self::Begun => "iat and nbf are not in the future",
            Self::Expiry => "exp has not come",
            Self::Revocation => "neither the token nor its session is on the blocklist",
        }
    }
}

/// A token that was refused. What the client learns of it is the contract's three answers, in `http/error.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TokenRefused(pub Check);

impl fmt::Display for TokenRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it must hold that {}", self.0.demand())
    }
}

impl From<Check> for TokenRefused {
    fn from(check: Check) -> Self {
        Self(check)
    }
}
