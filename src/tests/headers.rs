//! The headers of every answer: those that protect it, by its kind.

use std::fs;

use crate::harness::{Answer, PASSWORD, TestApp};

/// What protects an answer. No answer has another of these, and none twice.
const NAMES: [&str; 9] = [
    "cache-control",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

/// JSON, text, files and redirects: a browser must not guess their type, show them to other sites or run anything in them.
const DATA: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
];

/// A page, where scripts run.
const PAGE: [(&str, &str); 8] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-…'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// The same behind https.
const HSTS: (&str, &str) = ("strict-transport-security", "max-age=31536000; includeSubDomains");

/// A file that changes only with the version.
const KEPT_FILE: (&str, &str) = ("cache-control", "public, max-age=3600");

/// Fails unless an answer has the headers of its kind. Those of `instead` replace or follow those of the kind.
fn assert_protected(what: &str, answer: &Answer, kind: &[(&str, &str)], instead: &[(&str, &str)]) {
    let kept = kind.iter().filter(|(name, _)| instead.iter().all(|(other, _)| name != other));
    let mut expected: Vec<_> = kept.chain(instead).map(|(name, value)| (*name, (*value).to_owned())).collect();
    expected.sort_unstable();
    let without_nonce = |value: &str| match (value.split_once("'nonce-"), nonce(answer)) {
        (Some((before, _)), Some(nonce)) => {
            value.replace(&format!("{before}'nonce-{nonce}'"), &format!("{before}'nonce-…'"))
        }
        _ => value.to_owned(),
    };
    let found = answer.headers.iter().filter(|(name, _)| NAMES.contains(&name.as_str()));
    let mut found: Vec<_> = found.map(|(name, value)| (name.as_str(), without_nonce(value))).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{what}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 16), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
    assert_eq!(answer.header("server"), None, "{what}");
}

fn nonce(answer: &Answer) -> Option<&str> {
    let policy = answer.header("content-security-policy")?;
    policy.split("'nonce-").nth(1)?.split('\'').next()
}

/// One answer of each kind, whatever its status: what it is, its status, the answer, and its kind.
async fn one_of_each(
    app: &TestApp,
    token: &str,
) -> Vec<(&'static str, u16, Answer, &'static [(&'static str, &'static str)])> {
    let html = [("accept", "text/html")];
    let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin"), html[0]];
    let evil =
        [("content-type", "application/json"), ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let authorization = crate::harness::bearer(token);
    let with_html = [html[0], ("authorization", &*authorization)];
    vec![
        ("a page", 200, app.get("/login").await, &PAGE),
        ("a page's head", 200, app.send("HEAD", "/login", &[], None).await, &PAGE),
        ("a page that is a door too", 200, app.send("GET", "/sessions", &with_html, None).await, &PAGE),
        ("no page", 404, app.send("GET", "/nothing/here", &html, None).await, &PAGE),
        ("a file that is none", 404, app.get("/pkg/nothing.wasm").await, &PAGE),
        ("a door", 200, app.get_as("/protected", token).await, &DATA),
        ("a door that is a page too", 200, app.get_as("/sessions", token).await, &DATA),
        ("health", 200, app.get("/healthz").await, &DATA),
        ("metrics", 200, app.get("/metrics").await, &DATA),
        (
            "a function",
            200,
            app.call("login", None, &format!("username=ada&password={}", PASSWORD.replace(' ', "+"))).await,
            &DATA,
        ),
        ("a plain form", 303, app.send("POST", "/api/login", &form, Some("username=ada&password=x")).await, &DATA),
        ("another address of a page", 308, app.send("GET", "/login/", &html, None).await, &DATA),
        ("another address", 302, app.get("/.well-known/change-password").await, &DATA),
        ("a preflight", 204, app.send("OPTIONS", "/me", &[], None).await, &DATA),
        ("a bad request", 400, app.post_json("/login", "{").await, &DATA),
        ("no token", 401, app.get("/protected").await, &DATA),
        ("no token at a function", 401, app.get("/api/greeting").await, &DATA),
        ("another site", 403, app.send("POST", "/api/login", &evil, Some("{}")).await, &DATA),
        ("no function", 404, app.get("/api/nothing").await, &DATA),
        (
            "nothing for machines",
            404,
            app.send("GET", "/nothing", &[("accept", "application/json")], None).await,
            &DATA,
        ),
        ("a wrong method", 405, app.get("/logout").await, &DATA),
        (
            "a wrong method at a page",
            405,
            app.send("PUT", "/dashboard", &[("sec-fetch-site", "same-origin")], None).await,
            &DATA,
        ),
        ("a large body", 413, app.post_json("/login", &"x".repeat(17 * 1024)).await, &DATA),
        ("a wrong type", 415, app.send("POST", "/login", &[("content-type", "text/plain")], Some("x")).await, &DATA),
        ("a large header", 431, app.send("GET", "/protected", &[("x", &*"x".repeat(17 * 1024))], None).await, &DATA),
        ("a large header at a page", 431, app.send("GET", "/", &[("x", &*"x".repeat(17 * 1024))], None).await, &DATA),
    ]
}

#[tokio::test]
async fn h5_h6_h7_each_kind_of_answer_has_its_headers_whatever_its_status() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    for (what, status, answer, kind) in one_of_each(&app, &token).await {
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_protected(what, &answer, kind, &[]);
    }
}

#[tokio::test]
async fn h7_behind_https_every_answer_tells_browsers_to_stay_there() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "https://id.example.org")]).await;
    let token = app.somebody("ada").await;
    for (what, status, answer, kind) in one_of_each(&app, &token).await {
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_protected(what, &answer, kind, &[HSTS]);
    }
}

#[tokio::test]
async fn files_and_documents_for_others_say_how_long_they_can_be_kept() {
    let site = tempfile::tempdir().unwrap();
    fs::create_dir(site.path().join("pkg")).unwrap();
    fs::write(site.path().join("favicon.svg"), "<svg/>").unwrap();
    let app = TestApp::start_with(&[("LEPTOS_SITE_ROOT", site.path().to_str().unwrap())]).await;
    let file = app.get("/favicon.svg").await;
    assert_eq!(file.status, 200, "{file:?}");
    assert_protected("a file", &file, &DATA, &[KEPT_FILE]);
    for path in ["/openapi.json", "/.well-known/oauth-authorization-server"] {
        assert_protected_document(path, &app.get(path).await);
    }
}

fn assert_protected_document(path: &str, answer: &Answer) {
    let headers: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name != "access-control-allow-origin").cloned().collect();
    let answer = Answer { status: answer.status, headers, body: String::new() };
    assert_protected(path, &answer, &DATA, &[("cache-control", "public, max-age=300")]);
}

#[tokio::test]
async fn a42_a_broken_store_is_503_without_details() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    app.state.store.close().await;

    let unavailable = "503 unavailable Temporarily unavailable";
    assert_eq!(app.get("/readyz").await.error(), unavailable);
    assert_eq!(app.post_json("/login", r#"{"username":"ada","password":"x"}"#).await.error(), unavailable);
    let logout = app.logout(&token).await;
    assert_eq!(logout.error(), unavailable, "a sign-out that is not durable is none");
    assert_protected("a broken store", &logout, &DATA, &[]);
    assert_eq!(app.call("logout", Some(&token), "").await.error(), unavailable);
    // Doors that need no store still work.
    assert_eq!(app.protected(&token).await.status, 200);
    assert_eq!(app.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn each_page_has_its_own_nonce_and_the_header_names_it() {
    let app = TestApp::start().await;
    let (one, other) = (app.get("/login").await, app.get("/login").await);
    assert_ne!(nonce(&one).unwrap(), nonce(&other).unwrap());
    for script in one.body.split("<script").skip(1) {
        assert!(
            script.split('>').next().unwrap().contains(&format!(r#"nonce="{}""#, nonce(&one).unwrap())),
            "{script}"
        );
    }
    assert!(!one.body.contains("style=\""), "the policy forbids styles in attributes");
    for attribute in [" onclick=", " onsubmit=", " onload="] {
        assert!(!one.body.contains(attribute), "{attribute}");
    }
}
