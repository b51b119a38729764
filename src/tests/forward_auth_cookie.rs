//! The gate cookie: who gets it, what it opens, and when it ends.

use std::collections::BTreeSet;
use std::time::Duration;

use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::flows::{self, Actor, Target};
use handstamp::server::http::doors;

use crate::forward_auth::GATE;
use crate::harness::{Answer, PASSWORD, TestApp, part, send_to};

const KEPT: &str = "username=ada&password=correct+horse+battery+staple&remember=on";
const BRIEF: &str = "username=ada&password=correct+horse+battery+staple";
const HOUR: Duration = Duration::from_hours(1);

async fn start() -> TestApp {
    let app = TestApp::start_with(&GATE).await;
    app.add_user("ada").await;
    app
}

/// Returns a cookie of an answer as a browser sends it, and its attributes.
fn cookie(answer: &Answer, name: &str) -> Option<(String, Vec<String>)> {
    let set = answer.headers.iter().filter(|(header, _)| header == "set-cookie").map(|(_, value)| value);
    let mut named = set.filter(|cookie| cookie.starts_with(&format!("{name}=")));
    let (cookie, another) = (named.next()?, named.next());
    assert_eq!(another, None, "{answer:?}");
    let mut parts = cookie.split("; ").map(str::to_owned);
    Some((parts.next()?, parts.collect()))
}

fn gate_cookie(answer: &Answer) -> (String, Vec<String>) {
    cookie(answer, "handstamp_gate").unwrap_or_else(|| panic!("{answer:?}"))
}

fn refresh_cookie(answer: &Answer) -> String {
    cookie(answer, "__Host-handstamp_refresh").unwrap().0
}

async fn at_gate(app: &TestApp, cookie: &str) -> Answer {
    app.send("GET", "/forward-auth", &[("cookie", cookie)], None).await
}

async fn sign_in(app: &TestApp) -> (Answer, String) {
    let answer = app.call("login", None, KEPT).await;
    let cookie = gate_cookie(&answer).0;
    (answer, cookie)
}

fn access(answer: &Answer) -> String {
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_browser_gets_it_at_a_sign_in_and_at_a_refresh_and_loses_it_at_a_sign_out() {
    let app = start().await;
    app.add_administrator("root").await;
    let signed_in = app.call("login", None, KEPT).await;
    let attributes = ["Domain=example.org", "HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age=43200"];
    assert_eq!(gate_cookie(&signed_in).1, attributes);
    let brief = app.call("login", None, BRIEF).await;
    assert_eq!(gate_cookie(&brief).1, attributes[..5], "deleted when the browser closes");
    let signed_up = app.call("signup", None, &format!("username=bob&password={PASSWORD}")).await;
    assert_eq!(at_gate(&app, &gate_cookie(&signed_up).0).await.header("remote-user"), Some("bob"));

    app.pass(HOUR);
    let renewed = app.call_with_cookie("refresh", None, &refresh_cookie(&signed_in), "").await;
    assert_eq!(gate_cookie(&renewed).1, attributes);
    assert_ne!(gate_cookie(&renewed).0, gate_cookie(&signed_in).0);

    let token = access(&renewed);
    let out = app.call("logout", Some(&token), "").await;
    assert_eq!(out.status, 200);
    let (deleted, attributes) = gate_cookie(&out);
    assert_eq!(deleted, "handstamp_gate=");
    assert_eq!(attributes, ["Domain=example.org", "HttpOnly", "SameSite=Lax", "Path=/", "Secure", "Max-Age=0"]);
}

#[tokio::test]
async fn without_the_setting_and_for_machines_there_is_none() {
    let app = start().await;
    let machine = app.post_form("/login", KEPT).await;
    let refreshed = app.refresh(&machine.tokens().refresh).await;
    let refused = app.call("login", None, "username=ada&password=wrong").await;
    let off = TestApp::start().await;
    off.add_user("ada").await;
    let page = off.call("login", None, KEPT).await;
    let out = off.call("logout", Some(&access(&page)), "").await;
    for answer in [machine, refreshed, refused, page, out] {
        assert_eq!(cookie(&answer, "handstamp_gate"), None, "{answer:?}");
    }
}

#[tokio::test]
async fn it_opens_the_gate_by_every_process_and_after_a_restart_without_asking_the_store() {
    let app = start().await;
    let (signed_in, cookie) = sign_in(&app).await;
    let (id, roles) = (part(&access(&signed_in), 1)["sub"].clone(), part(&access(&signed_in), 1)["roles"].clone());
    assert_eq!(roles.as_array().map(Vec::len), Some(0));
    // Long after the access token has expired.
    app.pass(11 * HOUR);
    let answer = at_gate(&app, &cookie).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((answer.header("remote-user"), answer.header("remote-subject")), (Some("ada"), id.as_str()));
    assert_eq!(answer.header("remote-groups"), Some(""));

    let app = app.restart().await;
    app.state.store.close().await;
    assert_eq!(at_gate(&app, &cookie).await.status, 200);
    assert_eq!(at_gate(&app, &cookie).await.status, 200, "from memory");
}

#[tokio::test]
async fn it_ends_with_its_session_whoever_ends_that() {
    let app = start().await;
    app.add_administrator("root").await;
    let refused = async |cookie: &str, how: &str| {
        assert_eq!(at_gate(&app, cookie).await.error(), "401 token_revoked Token has been revoked", "{how}");
    };
    let (signed_in, cookie) = sign_in(&app).await;
    assert_eq!(at_gate(&app, &cookie).await.status, 200);
    app.logout(&access(&signed_in)).await;
    refused(&cookie, "a sign-out").await;

    let (signed_in, cookie) = sign_in(&app).await;
    let replacing = app.call_with_cookie("login", None, &refresh_cookie(&signed_in), KEPT).await;
    refused(&cookie, "the next sign-in of this browser").await;
    assert_eq!(at_gate(&app, &gate_cookie(&replacing).0).await.status, 200);

    let (signed_in, cookie) = sign_in(&app).await;
    let next = app.call_with_cookie("refresh", None, &refresh_cookie(&signed_in), "").await;
    app.call_with_cookie("refresh", None, &refresh_cookie(&next), "").await;
    app.pass(Duration::from_mins(1));
    assert_eq!(app.call_with_cookie("refresh", None, &refresh_cookie(&signed_in), "").await.status, 401);
    refused(&cookie, "a stolen refresh token").await;

    let (name, by) = (Target::Name("ada"), Actor::Operator);
    let (_, cookie) = sign_in(&app).await;
    flows::change_password(&app.state, name, PASSWORD.into(), &by).await.unwrap();
    refused(&cookie, "a new password").await;
    let (_, cookie) = sign_in(&app).await;
    flows::set_admin(&app.state, name, true, &by).await.unwrap();
    refused(&cookie, "other roles").await;
    let (_, cookie) = sign_in(&app).await;
    assert_eq!(at_gate(&app, &cookie).await.header("remote-groups"), Some("admin"));
    flows::disable_user(&app.state, name, &by).await.unwrap();
    refused(&cookie, "a disabled user").await;
}

#[tokio::test]
async fn a_sign_out_holds_as_long_as_the_cookie_would_have_lived() {
    let app = start().await;
    let (signed_in, cookie) = sign_in(&app).await;
    let renewed = app.call_with_cookie("refresh", None, &refresh_cookie(&signed_in), "").await;
    let late = gate_cookie(&renewed).0;
    app.logout(&access(&renewed)).await;
    // Long after the last access token, whose entry of the blocklist would be gone.
    for _ in 0..11 {
        app.pass(HOUR);
        flows::purge_expired(&app.state).await.unwrap();
    }
    for cookie in [&cookie, &late] {
        assert_eq!(at_gate(&app, cookie).await.error(), "401 token_revoked Token has been revoked");
    }
    let app = app.restart().await;
    assert_eq!(at_gate(&app, &late).await.error(), "401 token_revoked Token has been revoked");
    app.pass(2 * HOUR);
    flows::purge_expired(&app.state).await.unwrap();
    assert_eq!(app.state.blocklist.len(), 0, "then nothing is kept any more");
    assert_eq!(at_gate(&app, &late).await.status, 401);
}

#[tokio::test]
async fn another_process_refuses_it_when_it_has_heard_of_the_sign_out() {
    let app = start().await;
    let (signed_in, cookie) = sign_in(&app).await;
    let (other, mut follower) = app.another_process().await;
    let judge = |state| {
        let text = cookie.strip_prefix("handstamp_gate=").unwrap();
        flows::authenticate_at_gate(state, [], [text].into_iter()).map(|user| user.username.clone())
    };
    assert_eq!(judge(&other).as_deref(), Ok("ada"));
    app.logout(&access(&signed_in)).await;
    follower.catch_up(&other).await.unwrap();
    assert_eq!(judge(&other), Err(flows::AuthenticateError::Revoked));
    app.pass_unheard(Duration::from_secs(2));
    assert_eq!(at_gate(&app, &sign_in(&app).await.1).await.error(), "503 unavailable Temporarily unavailable");
}

#[tokio::test]
async fn it_lives_twelve_hours_and_never_longer_than_its_session() {
    let app = start().await;
    let (_, cookie) = sign_in(&app).await;
    app.pass(Duration::from_secs(12 * 3600 - 1));
    assert_eq!(at_gate(&app, &cookie).await.status, 200);
    app.pass(Duration::from_secs(1));
    assert_eq!(at_gate(&app, &cookie).await.error(), "401 token_expired Token has expired");

    let app = app.restart_with(&[("JWT_REFRESH_TOKEN_IDLE", "30m")]).await;
    let (_, cookie) = sign_in(&app).await;
    app.pass(Duration::from_mins(30));
    assert_eq!(at_gate(&app, &cookie).await.error(), "401 token_expired Token has expired");
    // The clock is set back: as for an access token.
    let (_, cookie) = sign_in(&app).await;
    app.clock.fetch_sub(10, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(at_gate(&app, &cookie).await.error(), "401 invalid_token Invalid token");
}

/// The names of the cookies that an answer sets.
fn cookies_set(answer: &Answer) -> BTreeSet<String> {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    set.map(|(_, cookie)| cookie.split('=').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn it_opens_no_other_door() {
    let app = start().await;
    let (_, cookie) = sign_in(&app).await;
    let text = cookie.strip_prefix("handstamp_gate=").unwrap();
    let other_names = format!("{cookie}; __Host-handstamp_refresh={text}; __Host-handstamp_device={text}");
    let as_bearer = format!("Bearer {text}");
    let same_site = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    for door in doors().into_iter().filter(|door| door != "GET /forward-auth") {
        let (method, path) = door.split_once(' ').unwrap();
        let stranger = app.send(method, path, &same_site, None).await;
        for credential in [("cookie", cookie.as_str()), ("cookie", &other_names), ("authorization", &as_bearer)] {
            let headers: Vec<_> = same_site.iter().copied().chain([credential]).collect();
            let answer = app.send(method, path, &headers, None).await;
            // A refresh door says of a bad cookie that it is bad, and not that it is missing.
            assert!(
                answer.status == stranger.status || (answer.status == 401 && stranger.status >= 400),
                "{door}: {answer:?}"
            );
            assert_eq!(cookies_set(&answer), cookies_set(&stranger), "{door}");
        }
    }
    assert_eq!(app.get_as("/forward-auth", text).await.error(), "401 invalid_token Invalid token");
}

#[tokio::test]
async fn what_this_server_has_not_set_does_not_open_the_gate() {
    let app = start().await;
    let (_, cookie) = sign_in(&app).await;
    let other =
        TestApp::start_with(&[GATE[0], GATE[2], ("JWT_SECRET", "another secret of another server, long enough")]).await;
    other.add_user("ada").await;
    let (_, foreign) = sign_in(&other).await;
    for bad in [
        "handstamp_gate=".to_owned(),
        "handstamp_gate=x".to_owned(),
        format!("{cookie}A"),
        format!("handstamp_gate_x={}", cookie.split_once('=').unwrap().1),
        foreign,
    ] {
        assert_eq!(at_gate(&app, &bad).await.status, 401, "{bad}");
    }
    let off = app.restart_with(&[("GATE_COOKIE_DOMAIN", "")]).await;
    assert_eq!(at_gate(&off, &cookie).await.status, 401, "the setting was removed");
}

#[tokio::test]
async fn of_cookies_that_another_host_has_added_none_counts_if_they_name_two_users() {
    let app = start().await;
    app.add_user("eve").await;
    let (_, ada) = sign_in(&app).await;
    let (_, ada_again) = sign_in(&app).await;
    let eve = gate_cookie(&app.call("login", None, &KEPT.replace("ada", "eve")).await).0;
    for (cookies, status) in [
        (format!("handstamp_gate=x; {ada}"), 200),
        (format!("{ada}; handstamp_gate=x"), 200),
        (format!("{ada_again}; {ada}"), 200),
        (format!("{eve}; {ada}"), 401),
        (format!("{ada}; {eve}"), 401),
    ] {
        assert_eq!(at_gate(&app, &cookies).await.status, status, "{cookies}");
    }
}

#[tokio::test]
async fn an_application_can_use_the_authorization_header_for_itself() {
    let app = start().await;
    let (_, cookie) = sign_in(&app).await;
    app.add_user("bob").await;
    let bob = format!("Bearer {}", app.login("bob").await);
    for (authorization, name) in
        [("Basic eDp5", "ada"), ("Bearer x", "ada"), ("Token a b", "ada"), (bob.as_str(), "bob")]
    {
        let headers = [("cookie", cookie.as_str()), ("authorization", authorization)];
        let answer = app.send("GET", "/forward-auth", &headers, None).await;
        assert_eq!((answer.status, answer.header("remote-user")), (200, Some(name)), "{authorization}");
    }
}

#[tokio::test]
async fn its_use_counts_as_a_use_of_the_session() {
    let app = start().await;
    let (signed_in, cookie) = sign_in(&app).await;
    let token = access(&signed_in);
    let used = async || {
        let id = handstamp::server::domain::ids::SessionId::parse(part(&token, 1)["sid"].as_str().unwrap()).unwrap();
        app.state.store.find_session(id).await.unwrap().unwrap().last_used_at
    };
    let signed_in_at = used().await;
    app.pass(2 * HOUR);
    assert_eq!(at_gate(&app, &cookie).await.status, 200);
    assert_eq!(used().await, UnixTime(signed_in_at.0 + 7200));
    app.pass(HOUR);
    let answer = send_to(&app.origin, "GET", "/forward-auth", &[("cookie", &cookie)], None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(used().await, UnixTime(signed_in_at.0 + 10_800));
}
