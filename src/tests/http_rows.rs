//! The rows of the security requirements on HTTP (H1 to H20) that no other file has, and the attacks A28, A31, A37,
//! A39, A40, A42. `rows.rs` checks that all rows have a test.

use std::fs;

use axum::body::Body;
use handstamp::server::config::{Config, Settings};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::http::{self, Limits};
use handstamp::server::startup;
use handstamp::server::world::World;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tower::ServiceExt as _;

use crate::commands::run_with;
use crate::harness::{MORNING, PASSWORD, SECRET, TestApp, bearer};
use crate::process::{Serving, Tokens, add_ada, text};

/// Addresses of other origins, in the spellings of attackers.
const ELSEWHERE: [&str; 22] = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "%2f%2fevil.example",
    "/%2e%2e//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "@evil.example",
    "https://127.0.0.1@evil.example",
    "/dashboard%0d%0aLocation:%20https://evil.example",
    "//evil.example/%2f..",
    "evil.example",
];

#[tokio::test]
async fn h4_a31_no_redirect_leads_to_another_origin() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for elsewhere in ELSEWHERE {
        for (query, referer, host) in
            [("next", "", ""), ("redirect_to", elsewhere, ""), ("url", "https://evil.example/?a", elsewhere)]
        {
            let mut headers = vec![
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "text/html"),
                ("sec-fetch-site", "same-origin"),
            ];
            headers.extend(
                [("referer", referer), ("x-forwarded-host", host)].iter().filter(|(_, value)| !value.is_empty()),
            );
            for (function, body, expected) in [
                ("login", format!("username=ada&password={PASSWORD}&{query}={elsewhere}"), "/dashboard"),
                ("login", format!("username=ada&password=&{query}={elsewhere}"), "/login?error=missing_password"),
                ("logout", format!("{query}={elsewhere}"), ""),
                ("end-session", format!("id=x&{query}={elsewhere}"), ""),
            ] {
                let path = format!("/api/{function}?{query}=x");
                let answer = app.send("POST", &path, &headers, Some(&body)).await;
                assert_eq!(
                    answer.header("location").unwrap_or_default(),
                    expected,
                    "{function} {elsewhere}: {answer:?}"
                );
                assert!(!answer.body.contains("evil"), "{answer:?}");
            }
        }
    }
    for path in ["//evil.example", "/%2f%2fevil.example", "/\\evil.example", "/login/..//evil.example"] {
        let answer = app.send("GET", path, &[("accept", "text/html")], None).await;
        assert_eq!((answer.status, answer.header("location")), (404, None), "{path}");
    }
}

#[tokio::test]
async fn h8_a37_no_other_origin_may_read_an_answer() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let authorization = bearer(&token);
    let own = app.state.config.public_url.clone();
    let looks_like = format!("{own}.evil.example");
    for origin in ["https://evil.example", "null", "file://", &looks_like, "http://127.0.0.1:3000", &own] {
        for (method, path) in [
            ("GET", "/protected"),
            ("GET", "/me"),
            ("GET", "/.well-known/jwks.json"),
            ("POST", "/login"),
            ("POST", "/api/refresh"),
            ("GET", "/dashboard"),
            ("OPTIONS", "/protected"),
            ("OPTIONS", "/api/login"),
            ("OPTIONS", "/nothing"),
        ] {
            let headers = [
                ("origin", origin),
                ("authorization", &authorization),
                ("content-type", "application/json"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization"),
            ];
            let answer = app.send(method, path, &headers, None).await;
            let mut allows = answer.headers.iter().filter(|(name, _)| name.starts_with("access-control-"));
            // Without a setting the key set alone, which is public; `cors.rs` has more.
            let public = path == "/.well-known/jwks.json" && allows.all(|(_, value)| !value.contains(origin));
            assert!(public || allows.next().is_none(), "{origin}: {method} {path}: {answer:?}");
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{method} {path}");
            // The preflight gets no permission, so the browser sends no request.
            assert!(method != "OPTIONS" || [204, 401, 404, 405].contains(&answer.status), "{path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn h2_a39_a_method_is_what_the_request_says_it_is() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let authorization = bearer(&token);
    for (method, path) in [
        ("GET", "/logout?_method=DELETE"),
        ("POST", "/sessions?_method=DELETE"),
        ("HEAD", "/logout"),
        ("PUT", "/logout"),
        ("PATCH", "/logout"),
        ("TRACE", "/logout"),
        ("OPTIONS", "/logout"),
        ("delete", "/logout"),
        ("post", "/api/logout"),
        ("GET", "/api/logout"),
        ("HEAD", "/api/logout"),
        ("TRACE", "/protected"),
        ("CONNECT-TO", "/protected"),
    ] {
        let headers = [
            ("x-http-method-override", "DELETE"),
            ("x-http-method", "DELETE"),
            ("x-method-override", "DELETE"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
            ("authorization", &authorization),
        ];
        let answer = app.send(method, path, &headers, Some("_method=DELETE")).await;
        let asked = method == "OPTIONS" && answer.status == 204;
        assert!(asked || [400, 401, 404, 405].contains(&answer.status), "{method} {path}: {answer:?}");
        assert!(!answer.body.contains(&token), "{method} {path} echoes");
        assert_eq!(app.protected(&token).await.status, 200, "{method} {path}");
    }
}

#[tokio::test]
async fn h15_a42_no_answer_names_a_library_a_query_a_path_or_a_version() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let spoiled = format!("{}x", &token[..token.len() - 1]);
    let json = ("content-type", "application/json");
    let own = ("sec-fetch-site", "same-origin");
    let mut answers = Vec::new();
    for body in
        ["{", "[]", "7", r#"{"username":7}"#, r#"{"username":"'; DROP TABLE users; --","password":"x"}"#, "\u{0}"]
    {
        for path in ["/login", "/signup", "/refresh", "/revoke", "/api/login", "/api/setup"] {
            answers.push(app.send("POST", path, &[json, own], Some(body)).await);
        }
    }
    for path in ["/protected", "/me", "/sessions", "/revocations", "/verify-token", "/api/greeting"] {
        for authorization in [bearer(&spoiled), bearer("a.b.c"), "Basic %".into(), bearer("'; DROP TABLE users; --")] {
            answers.push(app.send("GET", path, &[("authorization", &authorization)], None).await);
        }
    }
    for path in ["/sessions/'%20OR%201=1", "/%00", "/pkg/%00", "/..%2f..%2fetc/passwd", "/api/'", "/nothing"] {
        answers.push(app.get_as(path, &token).await);
    }
    app.state.store.close().await;
    for path in ["/readyz", "/me", "/sessions"] {
        answers.push(app.get_as(path, &token).await);
    }
    answers.push(app.post_json("/login", &json!({ "username": "ada", "password": PASSWORD }).to_string()).await);
    for answer in &answers {
        for told in
            ["serde", "sqlx", "SQL", "SELECT", "at line", "panicked", "axum", "hyper", "leptos", "/root", "src/"]
        {
            let page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
            assert!(page || !answer.body.contains(told), "{told}: {answer:?}");
        }
        assert!(!answer.body.contains(&spoiled), "a token comes back: {answer:?}");
        assert_eq!((answer.header("server"), answer.header("x-powered-by")), (None, None));
    }
    assert!(answers.iter().all(|answer| answer.status >= 400), "{answers:?}");
}

#[tokio::test]
async fn h16_a_handler_that_panics_costs_its_request_and_not_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("handstamp.db").display());
    let settings = [("DATABASE_URL", database.as_str()), ("JWT_SECRET", SECRET)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::from_settings(&Settings::from_pairs(settings)).unwrap();
    // A broken clock: reading the time panics, and the guard reads it.
    let broken = Arc::new(AtomicBool::new(false));
    let world = World::with_clocks(
        {
            let broken = Arc::clone(&broken);
            move || if broken.load(Ordering::SeqCst) { panic!("the clock broke") } else { UnixTime(MORNING) }
        },
        Duration::default,
    );
    let (state, _) = startup::start(config, world).await.unwrap();
    let router = http::router(&state, Limits::default());
    let ask = async || {
        let request = axum::http::Request::get("/protected").header("authorization", "Bearer a.b.c");
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let body = axum::body::to_bytes(answer.into_body(), 4096).await.unwrap();
        (status, headers, String::from_utf8(body.to_vec()).unwrap())
    };
    assert_eq!(ask().await.0, 401);

    broken.store(true, Ordering::SeqCst);
    let (status, headers, body) = ask().await;
    assert_eq!((status, &*body), (500, r#"{"code":"internal","msg":"Internal error"}"#));
    assert!(headers.contains_key("content-security-policy") && headers.contains_key("x-request-id"));

    broken.store(false, Ordering::SeqCst);
    assert_eq!(ask().await.0, 401, "the next request is answered as ever");
}

#[tokio::test]
async fn h14_a28_every_event_is_one_log_line_whatever_a_client_sends() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let serving = Serving::start_with(folder.path(), &[("RUST_LOG", "info")]);
    let forged = "x\r\n2026-11-22T09:12:00Z  INFO Signed in user `root`\x1b[2K\u{202e}";
    let login = async |name: &str, password: &str, agent: &str| {
        let headers = [("content-type", "application/json"), ("user-agent", agent)];
        let body = json!({ "username": name, "password": password }).to_string();
        crate::harness::send_to(&serving.origin, "POST", "/login", &headers, Some(&body)).await
    };
    assert_eq!(login("ada", "wrong password", "curl").await.status, 401);
    assert_eq!(login(forged, "wrong password", "curl").await.status, 401);
    for agent in ["<script>alert(1)</script>", "\u{202e}moc.live", "Mozilla/5.0 [31m red \t tab"] {
        let answer = login("ada", PASSWORD, agent).await;
        assert_eq!(answer.status, 200);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let device = serving.send("GET", "/sessions", &token).await.json()[0]["device"].as_str().unwrap().to_owned();
        assert!(device.chars().all(|character| character.is_ascii_graphic() || character == ' '), "{device:?}");
    }
    let odd = [("referer", "https://evil.example/\t[31m"), ("x-request-id", "forged [31m")];
    crate::harness::send_to(&serving.origin, "GET", "/nothing/%0d%0aINFO%20Signed%20in%1b[2K", &odd, None).await;
    let tokens = serving.login().await;
    let successor = serving.refresh(&tokens).await.json()["refresh_token"].as_str().unwrap().to_owned();
    let latest = Tokens { access: tokens.access.clone(), refresh: successor };
    assert_eq!(serving.refresh(&latest).await.status, 200);
    let (status, log) = serving.stop();

    assert!(status.success(), "{log}");
    for line in log.lines() {
        let time = line.split(' ').next().unwrap();
        assert!(time.ends_with('Z') && time.contains('T') && time.len() > 20, "a line that is not ours: {line:?}");
        assert!(!line.contains(['\x1b', '\u{202e}', '\r']), "{line:?}");
        assert!(!line.contains("`root`") && !line.contains("evil") && !line.contains("forged"), "{line:?}");
    }
    for said in ["Signed in user `ada`", "Refused a sign-in: wrong username or password", "Answered"] {
        assert!(log.contains(said), "{said}: {log}");
    }
}

#[tokio::test]
async fn h19_a36_a_secret_of_the_settings_is_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    add_ada(folder.path()).await;
    let short = "a secret that is short";
    let refused = run_with(folder.path(), &[], &[("JWT_SECRET", short)], "");
    assert!(!refused.status.success() && !text(&refused.stderr).contains(short), "{}", text(&refused.stderr));
    let password = "postgres://ada:hunter2hunter2@127.0.0.1:1/x";
    let refused = run_with(folder.path(), &["user", "list"], &[("DATABASE_URL", password)], "");
    assert!(!refused.status.success() && !text(&refused.stderr).contains("hunter2"), "{}", text(&refused.stderr));

    let serving = Serving::start_with(folder.path(), &[]);
    let generated = fs::read_to_string(folder.path().join("data/jwt_secret")).unwrap();
    let line = fs::read_to_string(format!("/proc/{}/cmdline", serving.pid())).unwrap();
    assert!(!line.contains(generated.trim()), "every user of the machine reads the command line");
    // No command takes a password as an argument.
    let refused = run_with(folder.path(), &["user", "add", "bob", PASSWORD], &[], "");
    assert!(!refused.status.success(), "{refused:?}");
    let help = text(&run_with(folder.path(), &["user", "add", "--help"], &[], "").stdout);
    assert!(help.contains("--password-stdin") && !help.contains("--password "), "{help}");
}

#[tokio::test]
async fn a40_knowing_an_id_gives_no_access_to_another_users_data() {
    let app = TestApp::start().await;
    let (ada, mallory) = (app.somebody("ada").await, app.somebody("mallory").await);
    let sid = crate::harness::part(&ada, 1)["sid"].as_str().unwrap().to_owned();
    let sub = crate::harness::part(&ada, 1)["sub"].as_str().unwrap().to_owned();
    let ask =
        async |method: &str, path: &str| app.send(method, path, &[("authorization", &bearer(&mallory))], None).await;
    assert_eq!(ask("DELETE", &format!("/sessions/{sid}")).await.error(), "404 not_found Not found");
    // Only the token decides which user a request is about.
    for query in [format!("user={sub}"), format!("sub={sub}"), "username=ada".into(), format!("id={sid}&sid={sid}")] {
        assert_eq!(ask("GET", &format!("/me?{query}")).await.json()["username"], "mallory", "{query}");
        let sessions = ask("GET", &format!("/sessions?{query}")).await;
        assert!(!sessions.body.contains(&sid), "{query}");
        assert_eq!(ask("DELETE", &format!("/logout/{sid}")).await.status, 404);
    }
    let body = format!("id={sid}&sub={sub}&username=ada");
    assert_eq!(app.call("end-session", Some(&mallory), &body).await.error(), "404 not_found Not found");
    assert_eq!(app.protected(&ada).await.status, 200, "a46: the honest token still works");
    // Additional fields make no user an administrator.
    app.add_administrator("root").await;
    let wants = json!({ "username": "eve", "password": PASSWORD, "roles": ["admin"], "role": "admin", "id": sub });
    let made = app.post_json("/signup", &wants.to_string()).await;
    assert!([201, 400].contains(&made.status), "{made:?}");
    if made.status == 201 {
        let eve = app.login("eve").await;
        assert_eq!(app.get_as("/me", &eve).await.json()["roles"], json!([]));
    }
}
