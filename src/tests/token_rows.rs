//! The rows of the security requirements on tokens (T1 to T23) that no other file has, and the content of the database
//! (S8). The others: T1 to T12, T15 in `hostile_tokens.rs`; T19, T21 in `algorithms.rs`; T20 in `key_ring.rs`; T22 in
//! `protected.rs`. `rows.rs` checks that none is missing.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::domain::ids::TokenId;
use handstamp::server::flows::{self, Actor, Target};
use serde_json::json;
use tokio::net::TcpListener;

use crate::algorithms::{forge, with_key_file};
use crate::harness::{SECRET, TestApp, part};
use crate::login::CLAIMS;
use crate::process::{handstamp, text};

#[tokio::test]
async fn t3_an_address_in_a_tokens_header_is_never_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let (app, key) = with_key_file(folder.path(), Algorithm::EdDSA).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/keys", listener.local_addr().unwrap());
    let token = app.somebody("ada").await;
    for name in ["jku", "x5u"] {
        let mut header = part(&token, 0);
        header[name] = address.clone().into();
        let answer = app.protected(&forge(&key, &header, &part(&token, 1))).await;
        assert_eq!(answer.error(), "401 invalid_token Invalid token");
    }
    let called = tokio::select! {
        biased;
        accepted = listener.accept() => accepted.is_ok(),
        () = std::future::ready(()) => false,
    };
    assert!(!called);
}

#[tokio::test]
async fn t13_a_token_of_a_removed_user_is_rejected() {
    let mut app = TestApp::start().await;
    let token = app.somebody("ada").await;
    assert_eq!(app.protected(&token).await.status, 200);
    flows::remove_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    app.follow().await;
    assert_eq!(app.protected(&token).await.error(), "401 token_revoked Token has been revoked");
}

#[tokio::test]
async fn t14_token_ids_are_128_random_bits_and_never_repeat() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let jti = part(&app.login("ada").await, 1)["jti"].as_str().unwrap().to_owned();
        assert_eq!(jti.len(), 22);
        assert!(TokenId::parse(&jti).is_ok());
        assert!(seen.insert(jti));
    }
    // Enough ids from the same source to show a generator with too few bits.
    let mut counts = [0_u32; 256];
    let mut ids = HashSet::new();
    for _ in 0..100_000 {
        let bytes: [u8; 16] = app.state.world.random_bytes();
        for byte in bytes {
            counts[usize::from(byte)] += 1;
        }
        assert!(ids.insert(bytes));
    }
    // 6250 of each are expected. Eight standard deviations never happen by chance.
    assert!(counts.iter().all(|count| (5620..6880).contains(count)), "{counts:?}");
}

#[tokio::test]
async fn a6_t17_t16_a_weak_key_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::start().await;
    let path = folder.path().join("weak.pem");
    fs::write(&path, include_str!("fixtures/rsa_1024.pem")).unwrap();
    let start = async |algorithm: &str, file: &str| {
        let settings = [("JWT_ALGORITHM", algorithm), ("JWT_PRIVATE_KEY_FILE", file)];
        app.start_another_with(&settings).await.err().unwrap()
    };
    set_mode(&path, 0o600);
    let path = path.to_str().unwrap();
    for algorithm in ["RS256", "PS512"] {
        let refused = start(algorithm, path).await;
        assert!(refused.starts_with("JWT_PRIVATE_KEY_FILE") && refused.contains("; "), "{refused}");
    }
    // A key of another kind, and no key at all.
    for algorithm in ["ES256", "ES384", "EdDSA"] {
        assert!(start(algorithm, path).await.contains(&format!("is not a key for {algorithm}")));
    }
    let absent = start("RS256", "/nowhere/key.pem").await;
    assert!(absent.starts_with("/nowhere/key.pem cannot be used"), "{absent}");
    for (algorithm, bytes) in [("HS256", 31), ("HS384", 47), ("HS512", 63)] {
        let short = &"0123456789abcdefghijklmnopqrstuvwxyz".repeat(2)[..bytes];
        let settings = [("JWT_ALGORITHM", algorithm), ("JWT_SECRET", short)];
        let refused = app.start_another_with(&settings).await.err().unwrap();
        assert!(refused.starts_with(&format!("JWT_SECRET has fewer than {} bytes; ", bytes + 1)), "{refused}");
    }
}

#[test]
fn t16_what_is_no_secret_stops_the_start_before_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    for secret in ["", " ", "secret", &SECRET[..31], "-----BEGIN PUBLIC KEY-----"] {
        let output = handstamp(folder.path(), &[], &[("JWT_SECRET", secret)]).output().unwrap();
        let said = text(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{secret:?}: {said}");
        assert!(output.stdout.is_empty(), "{secret:?} listened");
        assert!(last.starts_with("handstamp: JWT_SECRET ") && last.contains("; "), "{secret:?}: {said}");
    }
}

#[tokio::test]
async fn a_key_file_that_other_users_can_read_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (app, _) = with_key_file(folder.path(), Algorithm::EdDSA).await;
    let path = folder.path().join("key.pem");
    set_mode(&path, 0o644);
    let refused = app.start_another_with(&[]).await.err().unwrap();
    assert!(
        refused.starts_with("other users can read ") && refused.contains("(mode 644); run: chmod g-w,o= "),
        "{refused}"
    );
}

#[tokio::test]
async fn t23_a_token_says_who_and_until_when_and_nothing_else() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (header, claims) = (part(&token, 0), part(&token, 1));
    let names = |value: &serde_json::Value| {
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&header), ["alg", "kid", "typ"]);
    assert_eq!(names(&claims), CLAIMS);
    assert_eq!(claims["sub"].as_str().unwrap().len(), 22, "opaque");
    assert_eq!((&claims["roles"], &claims["type"]), (&json!([]), &json!("access")));
}

#[tokio::test]
async fn s8_a_copy_of_the_database_contains_no_token() {
    let app = TestApp::start_on_sqlite().await;
    app.add_user("ada").await;
    let (ended, revoked, first) = (app.tokens("ada").await, app.tokens("ada").await, app.tokens("ada").await);
    let second = app.refresh(&first.refresh).await.tokens();
    assert_eq!(app.protected(&second.access).await.status, 200);
    assert_eq!(app.logout(&ended.access).await.status, 200);
    assert_eq!(app.post_form("/revoke", &format!("token={}", revoked.access)).await.status, 200);

    let files = fs::read_dir(app.state.config.data_dir()).unwrap().map(|file| file.unwrap().path());
    let copy: Vec<u8> = files.flat_map(|file| fs::read(file).unwrap()).collect();
    let copy = String::from_utf8_lossy(&copy);

    for tokens in [&ended, &revoked, &first, &second] {
        // The search finds what must be there: it would find a token too.
        let claims = part(&tokens.access, 1);
        assert!(copy.contains(claims["sid"].as_str().unwrap()));
        for piece in tokens.access.split('.') {
            assert!(!copy.contains(piece), "{piece}");
        }
        // The last 40 characters are only the MAC. The table contains the part before them.
        let mac = &tokens.refresh[tokens.refresh.len() - 40..];
        assert!(!copy.contains(mac) && !copy.contains("hs_rt_"), "{mac}");
    }
    assert!(!copy.contains(SECRET));
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
