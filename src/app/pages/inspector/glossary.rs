//! One sentence about each known member. Rendered hidden; `app/inspector/member_lists.rs` reads them by their ids.

use leptos::prelude::*;

#[component]
pub fn Glossary() -> impl IntoView {
    let entry = |part: &'static str| move |(name, sentence): (&'static str, &'static str)| view! { <p id=format!("about-{part}-{name}")>{sentence}</p> };
    view! {
        <div hidden>
            {HEADER.map(entry("header")).into_iter().collect_view()}
            {CLAIMS.map(entry("claims")).into_iter().collect_view()}
        </div>
    }
}

/// The one without a name is for all unknown members.
const HEADER: [(&str, &str); 14] = [
    ("", "Not registered. A careful server refuses a header with members that it does not know."),
    ("alg", "How it was signed. A server knows the algorithm of its key and only compares (RFC 7515, section 4.1.1)."),
    ("typ", "What kind of token it is, so that no other kind is taken for it (RFC 8725, section 3.11)."),
    ("kid", "Which key signed it (RFC 7515, section 4.1.4)."),
    ("cty", "What is inside: another token, if it says JWT (RFC 7515, section 4.1.10)."),
    ("crit", "Extensions that a server must understand, or else reject the token (RFC 7515, section 4.1.11)."),
    ("jwk", "A key that the token brings itself. Trusting it means trusting anyone (RFC 8725, section 3.10)."),
    ("jku", "An address of keys. A server that fetches from it can be sent anywhere (RFC 8725, section 3.10)."),
    (
        "x5u",
        "An address of a certificate. A server that fetches from it can be sent anywhere (RFC 8725, section 3.10).",
    ),
    ("x5c", "A certificate that the token brings itself (RFC 7515, section 4.1.6)."),
    ("x5t", "The fingerprint of a certificate, by SHA-1 (RFC 7515, section 4.1.7)."),
    ("b64", "Whether the payload is encoded. false is a trap for most libraries (RFC 7797)."),
    ("zip", "Compressed: only in encrypted tokens (RFC 7516, section 4.1.3)."),
    ("enc", "Encrypted: only in encrypted tokens (RFC 7516, section 4.1.2)."),
];

const CLAIMS: [(&str, &str); 30] = [
    ("", "Not registered. Only its maker knows what it means."),
    ("iss", "Who made it (RFC 7519, section 4.1.1)."),
    ("sub", "Whom it is about: an id that stays the same when a name changes (RFC 7519, section 4.1.2)."),
    ("aud", "For whom it was made. Everyone else must reject it (RFC 7519, section 4.1.3)."),
    ("exp", "When it expires, in seconds since 1970 (RFC 7519, section 4.1.4)."),
    ("nbf", "When it becomes valid (RFC 7519, section 4.1.5)."),
    ("iat", "When it was made (RFC 7519, section 4.1.6)."),
    ("jti", "Its own id, by which this one token can be refused (RFC 7519, section 4.1.7)."),
    (
        "sid",
        "The session it belongs to. When that ends, all its tokens are refused (OpenID Connect Front-Channel Logout).",
    ),
    ("type", "What it may be used for; Flask-JWT-Extended asks for access or refresh."),
    ("fresh", "Until when the password counts as just typed, or false (Flask-JWT-Extended)."),
    ("roles", "What the user may do besides signing in (RFC 9068, section 2.2.3.1)."),
    ("groups", "The groups of the user (RFC 9068, section 2.2.3.1)."),
    ("entitlements", "What the user may use (RFC 9068, section 2.2.3.1)."),
    ("username", "The user's name, for display (RFC 7662, section 2.2)."),
    ("preferred_username", "The user's name, for display (OpenID Connect Core, section 5.1)."),
    ("name", "The user's name, for display (OpenID Connect Core, section 5.1)."),
    ("email", "The user's address. Anyone who has the token can read it (OpenID Connect Core, section 5.1)."),
    ("email_verified", "Whether the address was proven (OpenID Connect Core, section 5.1)."),
    ("scope", "What it may be used for, words with spaces between (RFC 8693, section 4.2)."),
    ("client_id", "The client that the token was issued to. Strict validators demand it (RFC 9068, section 2.2)."),
    ("azp", "The program it was made for (OpenID Connect Core, section 2)."),
    ("nonce", "Binds it to one request (OpenID Connect Core, section 2)."),
    ("auth_time", "When the user signed in (RFC 9068, section 2.2.1)."),
    ("amr", "How the user signed in: pwd a password, otp a code, hwk or swk a passkey, mfa two factors (RFC 8176)."),
    ("acr", "How certain the server is about the user: here aal1 for one factor, aal2 for two (RFC 9470)."),
    ("cnf", "The key that must be used with it; without the key it is worth nothing (RFC 7800)."),
    ("act", "Who acts for the subject (RFC 8693, section 4.1)."),
    ("updated_at", "When the user's facts changed last (OpenID Connect Core, section 5.1)."),
    ("locale", "The user's language (OpenID Connect Core, section 5.1)."),
];
