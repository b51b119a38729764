//! `GET /metrics`: who may read it, that it is well-formed and contains no secret, and that it counts correctly.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use handstamp::server::flows::{self, Actor, Target};
use handstamp::server::http::{Limits, Visit, router};
use tower::ServiceExt as _;

use crate::harness::{PASSWORD, SECRET, TestApp, bearer};

const TOKEN: &str = "metrics-are-read-with-this-and-nothing-else";

/// Parses every line by name and labels. Panics on a line that Prometheus would not accept.
async fn metrics(app: &TestApp) -> BTreeMap<String, f64> {
    let answer = app.get("/metrics").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    read(&answer.body)
}

fn read(text: &str) -> BTreeMap<String, f64> {
    let mut lines = BTreeMap::new();
    let mut explained: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (kind, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match kind {
                "HELP" => explained.push(name),
                "TYPE" => assert!(["counter", "gauge", "histogram"].contains(&rest), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let right = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(name.bytes().all(right), "{line}");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        let known = explained.contains(&name) || family.is_some_and(|family| explained.contains(&family));
        assert!(known, "no HELP before: {line}");
        let labels = series.strip_prefix(name).unwrap();
        assert!(labels.is_empty() || (labels.starts_with('{') && labels.ends_with("\"}")), "{line}");
        let value: f64 = value.parse().unwrap();
        assert!(lines.insert(series.to_owned(), value).is_none(), "twice: {line}");
    }
    lines
}

#[tokio::test]
async fn it_counts_what_happens_at_the_doors() {
    let mut app = TestApp::start().await;
    app.add_user("ada").await;
    let before = metrics(&app).await;
    assert_eq!(before["handstamp_sessions_live"], 0.0);
    let (token, ending) = (app.tokens("ada").await, app.login("ada").await);
    app.post_json("/login", r#"{"username":"ada","password":"wrong"}"#).await;
    app.protected(&token.access).await;
    app.protected("a.b.c").await;
    app.logout(&ending).await;
    app.protected(&ending).await;
    app.refresh(&token.refresh).await;
    app.send("HEAD", "/healthz", &[], None).await;
    let (other, _) = app.another_process().await;
    flows::end_all_sessions(&other, Target::Name("ada"), &Actor::Operator).await.unwrap();
    app.pass_unheard(Duration::from_secs(7));

    let after = metrics(&app).await;
    let counts =
        |series: &str| after.get(series).copied().unwrap_or_default() - before.get(series).copied().unwrap_or_default();

    for (series, expected) in [
        (r#"handstamp_requests_total{door="POST /login",status="200"}"#, 2.0),
        (r#"handstamp_requests_total{door="POST /login",status="401"}"#, 1.0),
        (r#"handstamp_requests_total{door="GET /protected",status="200"}"#, 1.0),
        (r#"handstamp_requests_total{door="GET /protected",status="401"}"#, 2.0),
        (r#"handstamp_requests_total{door="GET /healthz",status="200"}"#, 1.0),
        (r#"handstamp_request_duration_seconds_count{door="GET /protected"}"#, 3.0),
        (r#"handstamp_errors_total{code="bad_credentials"}"#, 1.0),
        (r#"handstamp_errors_total{code="invalid_token"}"#, 1.0),
        (r#"handstamp_errors_total{code="token_revoked"}"#, 1.0),
        (r#"handstamp_sign_ins_total{result="accepted"}"#, 2.0),
        (r#"handstamp_sign_ins_total{result="refused"}"#, 1.0),
        ("handstamp_tokens_issued_total", 3.0),
        ("handstamp_revocations_total", 1.0),
        ("handstamp_blocklist_entries", 1.0),
    ] {
        assert_eq!(counts(series), expected, "{series}");
    }
    assert_eq!(after["handstamp_log_dropped_total"], 0.0);
    assert_eq!(after["handstamp_sessions_live"], 0.0, "the other process has ended the last");
    assert_eq!(after["handstamp_blocklist_sync_age_seconds"], 7.0);
    assert_eq!(after[r#"handstamp_build_info{version="0.1.0"}"#], 1.0);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let morning = crate::harness::MORNING as f64;
    assert_eq!(after["process_start_time_seconds"], morning);

    app.follow().await;
    let followed = metrics(&app).await;
    assert_eq!(followed["handstamp_revocations_total"], 2.0);
    assert_eq!(followed["handstamp_blocklist_entries"], 2.0);
    assert_eq!(followed["handstamp_blocklist_sync_age_seconds"], 0.0);

    // Revocations from before the start are on the list, and are not counted again.
    let app = app.restart().await;
    let restarted = metrics(&app).await;
    assert_eq!(restarted["handstamp_blocklist_entries"], 2.0);
    assert_eq!(restarted["handstamp_revocations_total"], 0.0);
}

#[tokio::test]
async fn refusals_with_any_wait_are_counted_under_one_code() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    for expected in [401, 401, 401, 401, 401, 429, 429] {
        let answer = app.post_json("/login", r#"{"username":"ada","password":"wrong"}"#).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    let metrics = metrics(&app).await;
    assert_eq!(metrics[r#"handstamp_errors_total{code="too_many_attempts"}"#], 2.0);
    assert_eq!(metrics[r#"handstamp_errors_total{code="bad_credentials"}"#], 5.0);
}

#[tokio::test]
async fn a_session_that_was_not_refreshed_in_time_is_not_counted() {
    let app = TestApp::start_with(&[("JWT_REFRESH_TOKEN_IDLE", "1d"), ("JWT_REFRESH_TOKEN_EXPIRES", "30d")]).await;
    app.add_user("ada").await;
    let (idle, _brief) = (app.tokens("ada").await, app.login("ada").await);
    assert_eq!(metrics(&app).await["handstamp_sessions_live"], 2.0);
    app.pass(Duration::from_hours(13));
    let (_used, _) = (app.tokens("ada").await, app.refresh(&idle.refresh).await);
    assert_eq!(metrics(&app).await["handstamp_sessions_live"], 2.0, "the brief one is over");
    app.pass(Duration::from_hours(24));
    assert_eq!(metrics(&app).await["handstamp_sessions_live"], 0.0);
}

#[tokio::test]
async fn waiting_and_refused_passwords_are_counted() {
    let app = TestApp::start_with(&[("HASH_CONCURRENCY", "1"), ("HASH_QUEUE", "1")]).await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = std::sync::mpsc::channel::<()>();
    let pool = app.state.hash_pool.clone();
    let running = tokio::spawn(async move {
        pool.run(move || {
            begun.send(()).unwrap();
            held.recv().unwrap();
        })
        .await
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    let mut waiting = Box::pin(app.state.hash_pool.run(|| ()));
    assert!(futures::poll!(&mut waiting).is_pending());
    let turned_away = app.post_json("/login", &format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#)).await;
    assert_eq!(turned_away.status, 503, "{turned_away:?}");

    let busy = metrics(&app).await;
    assert_eq!(busy["handstamp_hashing_running"], 1.0);
    assert_eq!(busy["handstamp_hashing_waiting"], 1.0);
    assert_eq!(busy["handstamp_hashing_refused_total"], 1.0);

    release.send(()).unwrap();
    running.await.unwrap().unwrap();
    waiting.await.unwrap();
    let idle = metrics(&app).await;
    assert_eq!((idle["handstamp_hashing_running"], idle["handstamp_hashing_waiting"]), (0.0, 0.0));
}

#[tokio::test]
async fn a_flood_of_unknown_paths_and_methods_makes_no_new_line() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let flood = async |round: usize| {
        for (method, path) in [
            ("GET", format!("/no-such-{round}")),
            ("POST", format!("/api/no-such-{round}")),
            ("PATCH", "/login".to_owned()),
            (&*format!("X{round}"), "/protected".to_owned()),
        ] {
            app.send(method, &path, &[("accept", "application/json")], None).await;
        }
        app.send("DELETE", &format!("/sessions/no-such-{round}"), &[("authorization", &bearer(&token))], None).await;
    };
    flood(0).await;
    let before: Vec<_> = metrics(&app).await.into_keys().collect();
    for round in 1..20 {
        flood(round).await;
    }
    let after = metrics(&app).await;
    // Without this request itself, which is counted after its answer.
    let own = |series: &str| series.contains("GET /metrics");
    let lines: Vec<_> = after.keys().filter(|series| !own(series)).cloned().collect();
    assert_eq!(lines, before);
    assert_eq!(after[r#"handstamp_requests_total{door="DELETE /sessions/{id}",status="404"}"#], 20.0);
    let others = after.iter().filter(|(series, _)| series.starts_with(r#"handstamp_requests_total{door="other""#));
    assert_eq!(others.map(|(_, count)| count).sum::<f64>(), 80.0);
    assert!(!after.keys().any(|series| series.contains("no-such")));
}

#[tokio::test]
async fn it_holds_no_secret_and_no_name() {
    let app = TestApp::start_with(&[("METRICS_TOKEN", TOKEN)]).await;
    let token = app.somebody("ada").await;
    app.get_as(&format!("/protected?access_token={token}"), &token).await;
    let text = app.get("/metrics").await.body;
    let session = crate::harness::part(&token, 1)["sid"].as_str().unwrap().to_owned();
    for secret in ["ada", PASSWORD, SECRET, TOKEN, token.as_str(), &session, "sqlite:", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// Returns the answer for a client at this address.
async fn asked_by(app: &TestApp, peer: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = Request::builder().uri("/metrics").extension(Visit::begin(peer.parse::<IpAddr>().unwrap()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = router(&app.state, Limits::default()).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn h20_only_this_machine_itself_may_read_it_without_the_token() {
    let app = TestApp::start_with(&[("METRICS_TOKEN", TOKEN)]).await;
    let here = ("host", "127.0.0.1:3000");
    for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        for host in ["127.0.0.1:3000", "localhost", "localhost:3000", "[::1]:3000"] {
            assert_eq!(asked_by(&app, peer, &[("host", host)]).await.0, 200, "{peer} {host}");
        }
    }
    let refused = [
        ("203.0.113.7", vec![here]),
        ("10.0.0.1", vec![here]),
        ("::ffff:10.0.0.1", vec![here]),
        ("127.0.0.1", vec![("host", "id.example.org")]),
        ("127.0.0.1", vec![]),
        ("127.0.0.1", vec![here, ("x-forwarded-for", "127.0.0.1")]),
        ("127.0.0.1", vec![here, ("forwarded", "for=127.0.0.1")]),
        ("127.0.0.1", vec![here, ("x-real-ip", "127.0.0.1")]),
        ("127.0.0.1", vec![here, ("via", "1.1 proxy")]),
    ];
    for (peer, headers) in refused {
        let (status, body) = asked_by(&app, peer, &headers).await;
        assert_eq!((status, body.as_str()), (404, r#"{"code":"not_found","msg":"Not found"}"#), "{peer} {headers:?}");
    }
}

#[tokio::test]
async fn h20_from_elsewhere_the_token_and_nothing_else_opens_it() {
    let app = TestApp::start_with(&[("METRICS_TOKEN", TOKEN)]).await;
    let without = TestApp::start().await;
    let of_a_user = bearer(&app.somebody("ada").await);
    let right = bearer(TOKEN);
    assert_eq!(asked_by(&app, "203.0.113.7", &[("authorization", &right)]).await.0, 200);
    assert_eq!(asked_by(&app, "127.0.0.1", &[("x-forwarded-for", "::1"), ("authorization", &right)]).await.0, 200);
    assert_eq!(asked_by(&without, "203.0.113.7", &[("authorization", &right)]).await.0, 404);
    let basic = format!("Basic {TOKEN}");
    for wrong in [&of_a_user, &right[..right.len() - 1], &format!("{right}x"), &right.to_uppercase(), &basic, "Bearer "]
    {
        assert_eq!(asked_by(&app, "203.0.113.7", &[("authorization", wrong)]).await.0, 404, "{wrong}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_hides_no_other_number() {
    let app = TestApp::start().await;
    app.state.store.close().await;
    let metrics = metrics(&app).await;
    assert!(metrics["handstamp_sessions_live"].is_nan());
    assert_eq!(metrics["handstamp_blocklist_entries"], 0.0);
}
