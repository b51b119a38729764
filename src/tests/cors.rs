//! Pages of other origins at the machine doors (contract, section 9.3).

use std::collections::BTreeMap;

use handstamp::server::http::{GATE, machine_door_names};

use crate::harness::{Answer, PASSWORD, TestApp, bearer};

const ALLOWED: &str = "https://app.example.org";
const ALSO_ALLOWED: &str = "http://localhost:8080";
const FOR_ANYONE: [&str; 2] = ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"];

/// Origins that are not allowed, though some resemble one that is.
const OTHERS: [&str; 9] = [
    "https://evil.example",
    "null",
    "http://app.example.org",
    "https://app.example.org.evil.example",
    "https://app.example.org:8443",
    "https://APP.example.org",
    "https://app.example.org/",
    "https://app.example.org, http://localhost:8080",
    "*",
];

async fn start() -> TestApp {
    TestApp::start_with(&[("CORS_ORIGINS", "https://app.example.org, http://localhost:8080")]).await
}

/// The machine doors' methods by path, as a preflight is told them.
fn doors() -> BTreeMap<String, Vec<String>> {
    let mut doors = BTreeMap::<String, Vec<String>>::new();
    for door in machine_door_names().into_iter().filter(|door| !GATE.contains(&door.as_str())) {
        let (method, path) = door.split_once(' ').unwrap();
        let methods = doors.entry(path.replace("{id}", "x")).or_default();
        methods.push(method.to_owned());
        if method == "GET" {
            methods.push("HEAD".to_owned());
        }
    }
    doors
}

fn permissions(answer: &Answer) -> Vec<(&str, &str)> {
    let headers = answer.headers.iter().filter(|(name, _)| name.starts_with("access-control-"));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    headers.sort_unstable();
    headers
}

fn varies_by_origin(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, value)| name == "vary" && value.eq_ignore_ascii_case("origin"))
}

/// What an answer that this origin may read says beside what it is.
fn readable_by(origin: &str) -> Vec<(&str, &str)> {
    let exposed = "ETag, Retry-After, WWW-Authenticate, X-Request-Id";
    vec![("access-control-allow-origin", origin), ("access-control-expose-headers", exposed)]
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
        ("sec-fetch-site", "cross-site"),
    ];
    app.send("OPTIONS", path, &headers, None).await
}

#[tokio::test]
async fn a_preflight_of_an_allowed_origin_is_told_the_methods_of_the_door() {
    let app = start().await;
    for (path, methods) in doors() {
        for origin in [ALLOWED, ALSO_ALLOWED] {
            let answer = preflight(&app, &path, origin).await;
            assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}: {answer:?}");
            let for_anyone = FOR_ANYONE.contains(&path.as_str());
            let mut expected = readable_by(if for_anyone { "*" } else { origin });
            let methods = methods.join(", ");
            expected.extend([
                ("access-control-allow-headers", "Authorization, Content-Type, If-None-Match, Prefer"),
                ("access-control-allow-methods", &methods),
                ("access-control-max-age", "600"),
            ]);
            expected.sort_unstable();
            assert_eq!(permissions(&answer), expected, "{path}");
            assert_eq!(answer.header("allow"), Some(methods.as_str()), "{path}");
            assert_eq!(varies_by_origin(&answer), !for_anyone, "{path}: {answer:?}");
            assert!(answer.header("x-request-id").is_some() && answer.header("content-security-policy").is_some());
        }
    }
    assert_eq!(preflight(&app, "/logout", ALLOWED).await.header("allow"), Some("DELETE, POST"));
}

/// A proxy asks there about requests to other servers, preflights among them.
#[tokio::test]
async fn the_gate_permits_no_origin_and_answers_options_like_any_other_method() {
    let app = start().await;
    let answer = preflight(&app, "/forward-auth", ALLOWED).await;
    assert_eq!((answer.status, permissions(&answer)), (401, vec![]), "{answer:?}");
}

#[tokio::test]
async fn a_preflight_of_any_other_origin_gets_no_permission() {
    let app = start().await;
    let without = TestApp::start().await;
    for path in doors().keys().filter(|path| !FOR_ANYONE.contains(&path.as_str())) {
        for origin in OTHERS {
            let answer = preflight(&app, path, origin).await;
            assert_eq!((answer.status, permissions(&answer)), (204, vec![]), "{path} {origin}");
            assert!(varies_by_origin(&answer), "{path} {origin}");
        }
        // If the setting is empty, no origin is allowed, and no answer depends on the origin.
        for origin in [ALLOWED, without.origin.as_str(), ""] {
            let answer = preflight(&without, path, origin).await;
            assert_eq!((answer.status, permissions(&answer)), (204, vec![]), "{path} {origin}");
            assert!(!varies_by_origin(&answer), "{path} {origin}");
        }
        let nobody = app.send("OPTIONS", path, &[], None).await;
        assert_eq!((nobody.status, permissions(&nobody), varies_by_origin(&nobody)), (204, vec![], true), "{path}");
    }
    let twice = [("origin", ALLOWED), ("origin", ALLOWED)];
    assert_eq!(permissions(&app.send("OPTIONS", "/me", &twice, None).await), [], "two origins are none");
}

#[tokio::test]
async fn an_allowed_origin_signs_in_refreshes_reads_and_signs_out() {
    let app = start().await;
    app.add_user("ada").await;
    // As a browser sends it, whichever of the two headers it knows.
    for site in [&[("sec-fetch-site", "cross-site")][..], &[("sec-fetch-site", "same-site")], &[]] {
        let ask = async |method: &str, path: &str, token: &str, body: &str| {
            let authorization = bearer(token);
            let mut headers = site.to_vec();
            headers.extend([("origin", ALSO_ALLOWED), ("content-type", "application/json"), ("accept", "*/*")]);
            if !token.is_empty() {
                headers.push(("authorization", &authorization));
            }
            let answer = app.send(method, path, &headers, Some(body)).await;
            assert_eq!(permissions(&answer), readable_by(ALSO_ALLOWED), "{method} {path}: {answer:?}");
            assert!(varies_by_origin(&answer), "{method} {path}: {answer:?}");
            assert_eq!(answer.header("set-cookie"), None);
            answer
        };
        let login = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
        let first = ask("POST", "/login", "", &login).await.tokens();
        let tokens = ask("POST", "/refresh", &first.refresh, "").await.tokens();
        assert_eq!(ask("GET", "/protected", &tokens.access, "").await.status, 200);
        assert_eq!(ask("GET", "/sessions", &tokens.access, "").await.status, 200);
        assert_eq!(ask("DELETE", "/sessions/x", &tokens.access, "").await.status, 404);
        assert_eq!(ask("POST", "/logout", &tokens.access, "").await.status, 200);
        assert_eq!(ask("GET", "/protected", &tokens.access, "").await.status, 401);
    }
}

#[tokio::test]
async fn an_allowed_origin_reads_errors_too() {
    let app = start().await;
    app.add_user("ada").await;
    let token = app.login("ada").await;
    let authorization = bearer(&token);
    let large = "x".repeat(17 * 1024);
    let ask = async |method: &str, path: &str, more: &[(&str, &str)], body: &str| {
        let mut headers = vec![("origin", ALLOWED), ("sec-fetch-site", "cross-site")];
        headers.extend_from_slice(more);
        let answer = app.send(method, path, &headers, Some(body)).await;
        assert_eq!(permissions(&answer), readable_by(ALLOWED), "{method} {path}: {answer:?}");
        assert!(varies_by_origin(&answer), "{method} {path}: {answer:?}");
        answer.status
    };
    let json = ("content-type", "application/json");
    let wrong = r#"{"username":"nobody","password":"wrong"}"#;
    assert_eq!(ask("GET", "/protected", &[], "").await, 401);
    assert_eq!(ask("POST", "/login", &[json], "{").await, 400);
    assert_eq!(ask("POST", "/login", &[("content-type", "text/plain")], "").await, 415);
    assert_eq!(ask("POST", "/login", &[json], &large).await, 413);
    assert_eq!(ask("GET", "/me", &[("x", &large)], "").await, 431);
    assert_eq!(ask("GET", "/logout", &[("authorization", &authorization)], "").await, 405);
    assert_eq!(ask("POST", "/introspect", &[json], "{}").await, 401);
    let mut status = 401;
    for _ in 0..6 {
        status = ask("POST", "/login", &[json], wrong).await;
    }
    assert_eq!(status, 429);
    app.state.store.close().await;
    assert_eq!(ask("GET", "/readyz", &[], "").await, 503);
    assert_eq!(ask("GET", "/me", &[("authorization", &authorization)], "").await, 503);
}

#[tokio::test]
async fn any_other_origin_reads_no_answer_and_changes_nothing() {
    let app = start().await;
    let token = app.somebody("ada").await;
    let authorization = bearer(&token);
    let login = format!("username=ada&password={PASSWORD}");
    for origin in OTHERS {
        let headers = [
            ("origin", origin),
            ("sec-fetch-site", "cross-site"),
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        for (method, path, status) in [
            ("GET", "/protected", 200),
            ("GET", "/sessions", 200),
            ("POST", "/login", 403),
            ("POST", "/refresh", 403),
            ("POST", "/logout", 403),
            ("DELETE", "/logout", 403),
            ("DELETE", "/sessions", 403),
        ] {
            let answer = app.send(method, path, &headers, Some(&login)).await;
            assert_eq!((answer.status, permissions(&answer)), (status, vec![]), "{origin} {method} {path}");
            assert!(varies_by_origin(&answer), "{origin} {method} {path}");
        }
    }
    // Without an origin too: a cache must not give this answer to one that is allowed.
    assert!(varies_by_origin(&app.protected(&token).await));
    assert_eq!(app.protected(&token).await.status, 200, "no user was signed out");
}

#[tokio::test]
async fn pages_and_their_functions_are_for_no_other_origin() {
    let app = start().await;
    let token = app.somebody("ada").await;
    let authorization = bearer(&token);
    for origin in [ALLOWED, "https://evil.example"] {
        let headers = [
            ("origin", origin),
            ("sec-fetch-site", "cross-site"),
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        for (method, path, statuses) in [
            ("POST", "/api/login", &[403][..]),
            ("POST", "/api/logout", &[403]),
            ("POST", "/api/refresh", &[403]),
            ("GET", "/api/greeting", &[200]),
            ("OPTIONS", "/api/login", &[401, 405]),
            ("OPTIONS", "/api/greeting", &[401, 405]),
            ("OPTIONS", "/dashboard", &[401, 405]),
            ("OPTIONS", "/", &[401, 405]),
            ("OPTIONS", "/nothing", &[404]),
            ("OPTIONS", "/.well-known/change-password", &[401, 405]),
            ("GET", "/", &[200]),
            ("GET", "/login", &[200]),
            ("HEAD", "/login", &[200]),
            ("GET", "/signup", &[200]),
            ("GET", "/dashboard", &[200]),
            ("GET", "/.well-known/change-password", &[302]),
            ("GET", "/favicon.svg", &[200, 404]),
            ("GET", "/nothing", &[404]),
        ] {
            let answer = app.send(method, path, &headers, None).await;
            assert!(statuses.contains(&answer.status), "{origin} {method} {path}: {answer:?}");
            assert_eq!(permissions(&answer), [], "{origin} {method} {path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{method} {path}");
        }
        // A page that is a machine door too.
        let as_page = [headers[0], headers[1], ("accept", "text/html")];
        let page = app.send("GET", "/sessions", &as_page, None).await;
        assert_eq!((page.status, permissions(&page)), (200, vec![]), "{page:?}");
    }
}

#[tokio::test]
async fn key_set_and_metadata_are_for_every_origin() {
    for app in [start().await, TestApp::start().await] {
        for path in FOR_ANYONE {
            for origin in [Some(ALLOWED), Some("https://evil.example"), Some("null"), None] {
                let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
                for method in ["GET", "HEAD", "POST"] {
                    let answer = app.send(method, path, &headers, None).await;
                    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{method} {path}");
                    assert_eq!(answer.header("access-control-allow-credentials"), None);
                    assert!(!varies_by_origin(&answer), "one answer for all: {path}");
                }
                let asked = app.send("OPTIONS", path, &headers, None).await;
                assert_eq!((asked.status, asked.header("access-control-allow-methods")), (204, Some("GET, HEAD")));
                assert_eq!(asked.header("access-control-allow-origin"), Some("*"), "{path}");
            }
        }
        // To read is not to change: `*` lets no foreign page past the check of where a request comes from.
        let foreign = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
        let answer = app.send("POST", FOR_ANYONE[0], &foreign, None).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
}
