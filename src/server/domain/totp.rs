//! An authenticator app: the secret that it shares with the server, and the codes that both compute from it (TOTP, RFC
//! 6238).
//!
//! The parameters are those that every app knows, and some apps know no others: SHA-1, six digits, a new code every 30
//! seconds. HMAC does not need a hash that resists collisions (RFC 4226, appendix B.2).

use fast_qr::convert::{Builder as _, svg::SvgBuilder};
use fast_qr::qr::QRBuilder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::unix_time::UnixTime;

/// Bytes of a secret: as many as a SHA-1 hash has (RFC 4226, section 4).
pub const SECRET_BYTES: usize = 20;

/// Seconds in which a code stays the same.
pub const STEP_SECONDS: u64 = 30;

const DIGITS: u8 = 6;
/// A code counts one step earlier and one step later: clocks differ, and typing takes time (RFC 6238, section 5.2).
const SKEW: u16 = 1;

/// The name that the app shows above the user's name.
const ISSUER: &str = "Handstamp";

/// What a URI cannot contain unescaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secret of an app. No `Debug`: anyone who reads it has the second factor.
pub struct TotpSecret(Totp);

/// The number of a time step since 1970. A code is accepted only if its step is later than that of the last accepted code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStep(pub i64);

impl TimeStep {
    /// Before all codes.
    pub const NONE: Self = Self(0);
}

impl TotpSecret {
    #[must_use]
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_skew(SKEW);
        let builder = builder.with_step_duration(STEP_SECONDS);
        // The secret has the right length, so there is nothing to check.
        Self(builder.with_secret(Secret::new_stack(bytes)).build_noncompliant())
    }

    /// Returns the bytes. Only to encrypt them.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.0.secret().as_bytes()
    }

    /// Returns the text that a user can type into an app: 32 characters of base32.
    #[must_use]
    pub fn text(&self) -> SecretString {
        self.0.secret().to_base32().into()
    }

    /// Returns the address that tells an app all of it ("Key Uri Format" of Google Authenticator, which all apps read).
    #[must_use]
    pub fn uri(&self, username: &str) -> SecretString {
        use secrecy::ExposeSecret as _;
        let name = utf8_percent_encode(username, ESCAPED);
        let secret = self.text();
        let secret = secret.expose_secret();
        format!(
            "otpauth://totp/{ISSUER}:{name}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
        .into()
    }

    /// Returns the step of a code that is valid now. Accepts the spaces that apps show within a code. Compares in constant
    /// time. The caller checks that the step was not used before.
    #[must_use]
    pub fn step_of(&self, typed: &str, now: UnixTime) -> Option<TimeStep> {
        let code: String = typed.chars().filter(|character| !character.is_whitespace()).take(64).collect();
        let step = self.0.check(&code, u64::try_from(now.0).ok()?)?;
        Some(TimeStep(i64::try_from(step).ok()?))
    }
}

/// Draws a text as a QR code, in SVG: black on white, with attributes only, so that every policy of a page allows it. `None`
/// if the text is too long.
#[must_use]
pub fn qr_code(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    Some(SvgBuilder::default().margin(4).to_str(&code))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn of_the_rfc() -> TotpSecret {
        TotpSecret::from_bytes(*b"12345678901234567890")
    }

    /// The times and the codes of the RFC for SHA-1. The RFC has eight digits; six digits are the last six.
    const VECTORS: [(i64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (time, code) in VECTORS {
            let step = of_the_rfc().step_of(&code[2..], UnixTime(time));
            assert_eq!(step, Some(TimeStep(time / 30)), "{time}");
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_one_step_late_and_no_more() {
        // Its step lasts from 30 to 59.
        for (time, valid) in [(0, true), (29, true), (30, true), (59, true), (89, true), (90, false), (-1, false)] {
            let step = of_the_rfc().step_of("287082", UnixTime(time));
            assert_eq!(step, valid.then_some(TimeStep(1)), "{time}");
        }
        assert_eq!(of_the_rfc().step_of("081804", UnixTime(1_111_111_109 - 60)), None);
    }

    #[test]
    fn spaces_are_forgiven_and_nothing_else() {
        for typed in ["287082", " 287 082 ", "287\u{a0}082", "2 8 7 0 8 2"] {
            assert!(of_the_rfc().step_of(typed, UnixTime(59)).is_some(), "{typed:?}");
        }
        for typed in ["", "28708", "2870820", "+87082", "94287082", "287-082", "28708２", "\u{0}287082"] {
            assert!(of_the_rfc().step_of(typed, UnixTime(59)).is_none(), "{typed:?}");
        }
        assert!(of_the_rfc().step_of(&"2".repeat(100_000), UnixTime(59)).is_none());
    }

    #[test]
    fn an_app_is_told_the_account_and_the_parameters() {
        let secret = of_the_rfc();
        assert_eq!(secret.text().expose_secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.uri("zoë:a").expose_secret(),
            "otpauth://totp/Handstamp:zo%C3%AB%3Aa?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Handstamp\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_picture_needs_no_style_and_no_script() {
        let svg = qr_code(of_the_rfc().uri("ada").expose_secret()).unwrap();
        assert!(svg.starts_with("<svg viewBox=") && svg.ends_with("</svg>"), "{svg}");
        for unsafe_part in ["style", "script", "href", "on", "&"] {
            assert!(!svg.contains(unsafe_part), "{unsafe_part}");
        }
        assert_eq!(qr_code(&"x".repeat(5000)), None);
    }
}
