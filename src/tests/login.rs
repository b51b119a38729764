//! Sign in.

use handstamp::server::domain::access_token::Expiry;
use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::ids::{SessionId, TokenId};
use handstamp::server::domain::methods::Methods;
use handstamp::server::domain::security_event::EventKind;
use handstamp::server::domain::session::{Origin, Session, SessionKind};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::flows::{self, Actor, Target};

use crate::harness::{MORNING, PASSWORD, TestApp, event};

/// The claims of an access token without additional ones, in the order of their names.
pub const CLAIMS: [&str; 16] = [
    "acr",
    "amr",
    "aud",
    "auth_time",
    "client_id",
    "exp",
    "fresh",
    "iat",
    "iss",
    "jti",
    "nbf",
    "roles",
    "sid",
    "sub",
    "type",
    "username",
];

#[tokio::test]
async fn a_form_and_json_get_the_same_answer() {
    let app = TestApp::start().await;
    app.add_user("ada").await;

    let form = app.post_form("/login", "username=ada&password=correct+horse%20battery+staple").await;
    let json =
        app.post_json("/login", &format!(r#"{{"username":"ada","password":"{PASSWORD}","remember":true}}"#)).await;

    for answer in [form, json] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("set-cookie"), None);
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 300);
        assert_eq!(body.as_object().unwrap().len(), 5);
        let greeting = app.protected(body["access_token"].as_str().unwrap()).await;
        assert_eq!(greeting.body, r#"{"message":"Hello, ada! This is a protected route."}"#);
    }
}

#[tokio::test]
async fn missing_or_malformed_fields_get_the_errors_of_the_contract() {
    let app = TestApp::start().await;
    let cases = [
        (r"{}", "400 missing_username Missing username parameter"),
        (r#"{"username":"","password":"x"}"#, "400 missing_username Missing username parameter"),
        (r#"{"username":"ada"}"#, "400 missing_password Missing password parameter"),
        (r#"{"username":"ada","password":""}"#, "400 missing_password Missing password parameter"),
        (r#"{"username":7,"password":"x"}"#, "400 invalid_request Malformed request"),
        (r#"{"username":"ada","username":"bob","password":"x"}"#, "400 invalid_request Malformed request"),
        (r#"{"username":"ada","password":"x""#, "400 invalid_request Malformed request"),
        (r#"["ada","x"]"#, "400 invalid_request Malformed request"),
        ("", "400 invalid_request Malformed request"),
    ];
    for (body, expected) in cases {
        assert_eq!(app.post_json("/login", body).await.error(), expected, "{body}");
    }
    let forms = [
        ("", "400 missing_username Missing username parameter"),
        ("username=ada", "400 missing_password Missing password parameter"),
        ("username=ada&username=bob&password=x", "400 invalid_request Malformed request"),
    ];
    for (body, expected) in forms {
        assert_eq!(app.post_form("/login", body).await.error(), expected, "{body}");
    }
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonx"] {
        let answer = app.send("POST", "/login", &[("content-type", content_type)], Some("{}")).await;
        assert_eq!(answer.error(), "415 unsupported_media_type Unsupported media type", "{content_type}");
    }
    let large = format!(r#"{{"username":"ada","password":"{}"}}"#, "x".repeat(17 * 1024));
    assert_eq!(app.post_json("/login", &large).await.error(), "413 too_large Request too large");
    let long = format!(r#"{{"username":"ada","password":"{}"}}"#, "x".repeat(1025));
    assert_eq!(app.post_json("/login", &long).await.error(), "400 password_too_long Password too long");
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_bytes() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let names = ["ada", "nobody", "not a name", "ada\\u0000", &"x".repeat(5000)];
    for name in names {
        let answer = app.post_json("/login", &format!(r#"{{"username":"{name}","password":"wrong"}}"#)).await;
        assert_eq!(answer.error(), "401 bad_credentials Bad username or password", "{name}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.body, r#"{"code":"bad_credentials","msg":"Bad username or password"}"#);
    }
}

#[tokio::test]
async fn one_account_whatever_the_case_width_or_composition_of_its_name() {
    let app = TestApp::start().await;
    app.add_user("Zo\u{eb}").await;
    for spelling in ["zoë", "ZOË", "zoe\u{308}", "ｚｏë"] {
        app.login(spelling).await;
    }
}

#[tokio::test]
async fn a_token_says_what_the_contract_lists_and_no_secret() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (header, claims) = (part(&token, 0), part(&token, 1));

    assert_eq!(header["alg"], "HS256");
    assert_eq!(header["typ"], "at+jwt");
    assert!(header["kid"].as_str().unwrap().len() >= 22);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, CLAIMS);
    assert_eq!((&claims["amr"], &claims["acr"]), (&serde_json::json!(["pwd"]), &"aal1".into()));
    assert_eq!(claims["auth_time"], MORNING);
    assert_eq!(claims["iss"], "http://localhost:3000");
    assert_eq!(claims["aud"], "handstamp");
    assert_eq!(claims["username"], "ada");
    assert_eq!(claims["type"], "access");
    assert_eq!(claims["iat"], MORNING);
    assert_eq!(claims["exp"], MORNING + 300);
    assert_eq!(claims["fresh"], MORNING + 600);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
}

#[tokio::test]
async fn each_sign_in_is_a_session_of_its_own() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let rules = &app.state.token_rules;
    let keys = app.state.keys.load();
    let verify = |token: &str| rules.verify(&keys, token, UnixTime(MORNING), Expiry::Judged).unwrap();

    let (first, second) = (verify(&app.login("ada").await), verify(&app.login("ada").await));

    assert_eq!(first.user_id, second.user_id);
    assert_ne!(first.session_id, second.session_id);
    assert_ne!(first.token_id, second.token_id);
}

#[tokio::test]
async fn a41_a_password_that_changes_while_it_is_checked_starts_no_session() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let name = handstamp::server::domain::username::Username::parse("ada").unwrap();
    let (user, old_hash) = app.state.store.find_user(&name).await.unwrap().unwrap();
    let password = "another long password".into();
    flows::change_password(&app.state, Target::Name("ada"), password, &Actor::Operator).await.unwrap();

    let session = Session {
        id: SessionId::from_random([1; 16]),
        user_id: user.id,
        started_at: UnixTime(MORNING),
        expires_at: UnixTime(MORNING + 60),
        kind: SessionKind::Brief,
        origin: Origin::default(),
        methods: Methods::PASSWORD,
        additional: AdditionalClaims::default(),
    };
    let token_id = TokenId::from_random([2; 16]);
    let recognised = (&user, &old_hash);
    let event = event(EventKind::SignedIn);
    let started = app.state.store.start_session(&session, token_id, session.expires_at, recognised, event).await;
    assert!(!started.unwrap());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "0")]).await;
    app.add_user("ada").await;
    let taken = app.state.hash_pool.place().unwrap();

    let answer = app.post_json("/login", &format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#)).await;
    assert_eq!(answer.error(), "503 overloaded Overloaded");
    assert_eq!(answer.header("retry-after"), Some("1"));

    drop(taken);
    app.login("ada").await;
}

fn part(token: &str, index: usize) -> serde_json::Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}
