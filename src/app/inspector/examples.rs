//! Tokens to start with.

/// The second tutorial's token and its secret.
const TUTORIAL: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYW1lIjoiSm9obiIsImxhbmciOiJlbiJ9.\
                        Z0EWN-mh27_8vIRcyl1ik5tc3aoLneAee67IOEw6Lhc";
/// Says `none`: anyone can write such a token.
const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIxMjM0Iiwicm9sZXMiOlsiYWRtaW4iXSwiZXhwIjo0\
                        MTAyNDQ0ODAwfQ.";
/// Expired in 2025, with a password in it, and with times in order.
const EXPIRED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkIjo\
                       iaGFuZHN0YW1wIiwic3ViIjoiMTIzNCIsImlhdCI6MTczNTY4OTYwMCwiZXhwIjoxNzM1NjkzMjAwLCJwYXNzd29\
                       yZCI6Imh1bnRlcjIifQ.oDPRnY4lWO7fVf1cyRrg0QUN4qTM-R8-APqKV_0W3-E";

/// Returns the token and the secret of an example.
pub fn make(name: &str) -> Option<(String, &'static str)> {
    let (token, secret) = match name {
        "example-tutorial" => (TUTORIAL, "your-256-bit-secret"),
        "example-unsigned" => (UNSIGNED, ""),
        "example-expired" => (EXPIRED, "a secret of thirty-two bytes, ok"),
        _ => return None,
    };
    Some((token.to_owned(), secret))
}
