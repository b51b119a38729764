//! A signed token in compact form: three parts of base64url, separated by dots (RFC 7515, section 3.1).
//!
//! Cheap checks come first: length and characters before base64, base64 before JSON. Checks no claim.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::refused::Check;
use super::verification_key::VerificationKey;

/// Bytes of the longest token that is accepted.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Bytes of the longest header. Ours have about 100.
const MAX_HEADER_BYTES: usize = 512;

/// Bytes of the longest signature: that of RSA with 8192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// The header that we write, and the only one that we accept: any other member (`crit`, `jwk`, `jku`, `x5u`, `zip`, …)
/// is an error, and so is a duplicate.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header<'b> {
    #[serde(borrow)]
    pub alg: &'b str,
    #[serde(borrow)]
    pub typ: Option<&'b str>,
    #[serde(borrow)]
    pub kid: Option<&'b str>,
}

/// The buffer for the decoded header: on the stack, because most hostile tokens fail here.
pub struct HeaderBuffer([u8; MAX_HEADER_BYTES]);

impl Default for HeaderBuffer {
    fn default() -> Self {
        Self([0; MAX_HEADER_BYTES])
    }
}

/// The three parts of a token, not verified.
#[derive(Clone, Copy, Debug)]
pub struct CompactJws<'t> {
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
    signed: &'t str,
}

impl<'t> CompactJws<'t> {
    /// Finds the three parts.
    ///
    /// # Errors
    /// [`Check::Length`], [`Check::Characters`] or [`Check::Parts`].
    pub fn parse(token: &'t str) -> Result<Self, Check> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Check::Length);
        }
        if !token.bytes().all(is_token_byte) {
            return Err(Check::Characters);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Check::Parts)?;
        let (header, payload) = signed.split_once('.').ok_or(Check::Parts)?;
        if payload.contains('.') {
            return Err(Check::Parts);
        }
        Ok(Self { header, payload, signature, signed })
    }

    /// Reads the header.
    ///
    /// # Errors
    /// [`Check::Header`].
    pub fn header<'b>(&self, buffer: &'b mut HeaderBuffer) -> Result<Header<'b>, Check> {
        let length = URL_SAFE_NO_PAD.decode_slice(self.header, &mut buffer.0).map_err(|_| Check::Header)?;
        parse_object(&buffer.0[..length]).ok_or(Check::Header)
    }

    /// Checks that the signature was made with this key.
    ///
    /// # Errors
    /// [`Check::Signature`], also if it is not base64url.
    pub fn check_signature(&self, key: &VerificationKey) -> Result<(), Check> {
        let mut signature = [0; MAX_SIGNATURE_BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(self.signature, &mut signature).map_err(|_| Check::Signature)?;
        if key.verifies(self.signed.as_bytes(), &signature[..length]) { Ok(()) } else { Err(Check::Signature) }
    }

    /// Returns the bytes of the payload. Call it only after the signature was verified.
    ///
    /// # Errors
    /// [`Check::Claims`].
    pub fn payload(&self) -> Result<Vec<u8>, Check> {
        URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| Check::Claims)
    }
}

/// Parses a JSON object. serde would also accept an array for a struct.
pub(super) fn parse_object<'b, T: Deserialize<'b>>(json: &'b [u8]) -> Option<T> {
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}

const fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')
}
