//! Which other libraries and servers a key of a new kind stops. They were tried in November 2026 with key sets and tokens of
//! our form; docs/doors.md and docs/verifying-elsewhere.md have the tables.

use super::algorithm::{Algorithm, Family};
use super::checkup::Finding;

/// Readers that accept no token of this algorithm.
const fn refuse(algorithm: Algorithm) -> &'static [&'static str] {
    match algorithm {
        Algorithm::EdDSA => &[
            "express-jwt 8.5",
            "koa-jwt 4.0",
            "passport-jwt 4.0",
            "njwt 2.0",
            "get-jwks 11",
            "@hapi/jwt 3.2",
            PYTHON_JOSE,
            "Authlib 1.9",
            "HAProxy 2.6",
            "mod_auth_openidc 2.4.12",
            "Dovecot 2.3.19",
            "njs 0.7.9",
            "jose(1) 11",
        ],
        Algorithm::ES256 | Algorithm::ES384 => &["@hapi/jwt 3.2"],
        Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => &["aws-jwt-verify 5.2", PYTHON_JOSE, "HAProxy 2.6"],
        // All that we tried accept RS256. A secret is not in the key set.
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::HS256
        | Algorithm::HS384
        | Algorithm::HS512 => &[],
    }
}

/// Readers that cannot read a key set with a key of this algorithm: they refuse every token.
const fn cannot_read(algorithm: Algorithm) -> &'static [&'static str] {
    match algorithm {
        Algorithm::EdDSA => &["biscuit 0.8"],
        _ => &[],
    }
}

/// It ignores `kid`, and stops at the first key of another type.
const PYTHON_JOSE: &str = "python-jose 3.5";

/// Says whom it stops that keys of the algorithm `to` sign beside or after those of `from`; `None` if the kind is not new, or
/// stops nobody that we tried.
#[must_use]
pub fn stopped_by(from: Algorithm, to: Algorithm) -> Option<String> {
    if from == to {
        return None;
    }
    if to.family() == Family::Secret {
        let published = from.family() == Family::KeyPair;
        return published.then(|| "The key set is empty now: no service can verify with it".to_owned());
    }
    let mut said = Vec::new();
    if let unreadable @ [_, ..] = cannot_read(to) {
        said.push(format!(
            "{} cannot read a key set with a key for {to}, and refuse every token",
            unreadable.join(", ")
        ));
    }
    if let refusing @ [_, ..] = refuse(to) {
        said.push(format!("{} accept no token for {to}", refusing.join(", ")));
    }
    let mixed = from.family() == Family::KeyPair && from.key_type() != to.key_type();
    if mixed && !refuse(to).contains(&PYTHON_JOSE) && !refuse(from).contains(&PYTHON_JOSE) {
        said.push(format!("{PYTHON_JOSE} refuses the older tokens, for {from}, until they have expired"));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// The finding of the doctor. `kept`: the algorithm of the key in the store that signs; `wanted`: that of the settings.
#[must_use]
pub fn finding(kept: Option<Algorithm>, wanted: Algorithm) -> Option<Finding> {
    const CHECK: &str = "readers";
    if let Some(kept) = kept.filter(|kept| *kept != wanted) {
        let stopped = stopped_by(kept, wanted);
        let stopped = stopped.map_or_else(
            || "stops no service that we tried".to_owned(),
            |stopped| format!("stops some services: {stopped}"),
        );
        let found = format!("the next start changes the algorithm from {kept} to {wanted}, which {stopped}");
        return Some(Finding::warning(
            CHECK,
            found,
            "look at docs/doors.md, and at the keys of a new kind in docs/verifying-elsewhere.md, before the next start",
        ));
    }
    if wanted.family() == Family::Secret {
        return None;
    }
    Some(Finding::ok(
        CHECK,
        match refuse(wanted) {
            [] => format!("every library and server that we tried accepts {wanted}"),
            refusing => format!("all that we tried accept {wanted}, except {}", refusing.join(", ")),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::domain::checkup::Verdict;

    #[test]
    fn a_key_of_a_new_kind_names_whom_it_stops_and_one_of_the_same_kind_nobody() {
        use Algorithm::{ES256, ES384, EdDSA, HS256, PS256, RS256};
        for algorithm in Algorithm::ALL {
            assert_eq!(stopped_by(algorithm, algorithm), None);
        }
        for (from, to, words) in [
            (RS256, EdDSA, &["biscuit 0.8 cannot read", "Dovecot 2.3.19", "accept no token for EdDSA"][..]),
            (EdDSA, ES256, &["@hapi/jwt 3.2 accept no token for ES256"]),
            (ES256, RS256, &["python-jose 3.5 refuses the older tokens, for ES256"]),
            (RS256, PS256, &["aws-jwt-verify 5.2, python-jose 3.5, HAProxy 2.6 accept no token for PS256"]),
            (RS256, HS256, &["The key set is empty"]),
            (HS256, ES256, &["@hapi/jwt 3.2"]),
        ] {
            let said = stopped_by(from, to).unwrap();
            assert!(words.iter().all(|words| said.contains(words)), "{from} {to}: {said}");
        }
        // python-jose takes no EdDSA token, so there are none that it refuses from now on.
        assert!(!stopped_by(EdDSA, ES256).unwrap().contains(PYTHON_JOSE));
        assert_eq!(stopped_by(HS256, RS256), None);
        assert_eq!(stopped_by(HS256, Algorithm::HS512), None);
        assert!(!stopped_by(ES256, ES384).unwrap().contains(PYTHON_JOSE), "both are keys on curves");
    }

    #[test]
    fn the_doctor_warns_before_a_change_and_otherwise_says_who_accepts_the_algorithm() {
        let found = |kept, wanted| finding(kept, wanted).map(|finding| (finding.verdict, finding.found));
        let (verdict, words) = found(Some(Algorithm::ES256), Algorithm::EdDSA).unwrap();
        assert!(verdict == Verdict::Warning && words.contains("from ES256 to EdDSA") && words.contains("biscuit"));
        let (verdict, words) = found(Some(Algorithm::RS256), Algorithm::RS256).unwrap();
        assert!(verdict == Verdict::Ok && words.contains("every library"), "{words}");
        let (verdict, words) = found(None, Algorithm::ES256).unwrap();
        assert!(verdict == Verdict::Ok && words.ends_with("except @hapi/jwt 3.2"), "{words}");
        assert_eq!(found(Some(Algorithm::HS256), Algorithm::HS256), None);
    }
}
