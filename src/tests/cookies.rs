//! The cookies: a page's refresh token, and what a browser is known by. Both out of every script's reach.

use std::time::Duration;

use crate::harness::{Answer, PASSWORD, TestApp};

const LOGIN: &str = "username=ada&password=correct+horse+battery+staple&remember=on";
const BRIEF: &str = "username=ada&password=correct+horse+battery+staple";

/// The refresh token's cookie as a browser sends it back, and its attributes.
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    the_cookie(answer, "handstamp_refresh=")
}

/// The one cookie of this name.
fn the_cookie(answer: &Answer, name: &str) -> (String, Vec<String>) {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value);
    let set: Vec<_> = set.filter(|cookie| cookie.trim_start_matches("__Host-").starts_with(name)).collect();
    assert_eq!(set.len(), 1, "{answer:?}");
    let mut parts = set[0].split("; ").map(str::to_owned);
    (parts.next().unwrap(), parts.collect())
}

async fn start_with_ada(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(settings).await;
    app.add_user("ada").await;
    app
}

#[tokio::test]
async fn a_page_gets_the_access_token_and_the_browser_the_other() {
    let app = start_with_ada(&[]).await;
    let answer = app.call("login", None, LOGIN).await;
    let (cookie, attributes) = cookie(&answer);
    assert!(cookie.starts_with("handstamp_refresh=hs_rt_"), "{cookie}");
    assert_eq!(attributes, ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=1209600"]);
    assert!(!answer.body.contains("hs_rt_") && !answer.body.contains("refresh"), "{answer:?}");
    assert_eq!(answer.json()["expires_in"], 300);
    let (device, attributes) = the_cookie(&answer, "handstamp_device=");
    assert_eq!(device.len(), "handstamp_device=".len() + 64, "{device}");
    assert_eq!(attributes, ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=34560000"]);
}

#[tokio::test]
async fn h9_over_tls_the_cookie_is_bound_to_this_host_and_to_tls() {
    let app = start_with_ada(&[("PUBLIC_URL", "https://id.example.org")]).await;
    let answer = app.call("login", None, BRIEF).await;
    for (name, cookie) in [("refresh", cookie(&answer)), ("device", the_cookie(&answer, "handstamp_device="))] {
        assert!(cookie.0.starts_with(&format!("__Host-handstamp_{name}=")), "{cookie:?}");
        // Without an age it goes with the browser.
        assert_eq!(cookie.1, ["HttpOnly", "SameSite=Strict", "Path=/", "Secure"]);
    }
    for (address, secure) in [
        ("http://192.168.1.5:3000", true),
        ("http://id.example.org", true),
        ("http://127.0.0.1.evil.example", true),
        ("http://localhost:3000", false),
        ("http://[::1]:3000", false),
        ("http://127.0.0.1", false),
    ] {
        let app = TestApp::start_with(&[("PUBLIC_URL", address)]).await;
        assert_eq!(app.state.config.secure_cookies(), secure, "{address}");
    }
}

#[tokio::test]
async fn a_page_renews_its_token_with_the_cookie() {
    let app = start_with_ada(&[]).await;
    let first = app.call("login", None, LOGIN).await;
    app.pass(Duration::from_mins(6));
    let renewed = app.call_with_cookie("refresh", None, &cookie(&first).0, "").await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_ne!(cookie(&renewed).0, cookie(&first).0);
    assert!(!renewed.body.contains("hs_rt_"));
    assert_eq!(app.protected(renewed.json()["access_token"].as_str().unwrap()).await.status, 200);

    let none = app.call("refresh", None, "").await;
    assert_eq!(none.error(), "401 missing_token Missing Authorization Header");
    assert_eq!(none.header("set-cookie"), None);
    // Only the cookie counts here, and only from our own pages.
    let answer = app.send("POST", "/api/refresh", &[("cookie", &cookie(&renewed).0)], None).await;
    assert_eq!(answer.error(), "403 cross_site_request Cross-site request refused");
    assert_eq!(app.send("GET", "/api/refresh", &[("cookie", &cookie(&renewed).0)], None).await.status, 405);
}

#[tokio::test]
async fn a_cookie_that_is_worth_nothing_any_more_is_taken_back() {
    let app = start_with_ada(&[]).await;
    let login = app.call("login", None, LOGIN).await;
    app.logout(login.json()["access_token"].as_str().unwrap()).await;
    for worthless in [cookie(&login).0, "handstamp_refresh=hs_rt_x".into()] {
        let refused = app.call_with_cookie("refresh", None, &worthless, "").await;
        assert_eq!(refused.status, 401);
        let (taken, attributes) = cookie(&refused);
        assert_eq!((taken.as_str(), attributes.last().unwrap().as_str()), ("handstamp_refresh=", "Max-Age=0"));
    }
}

#[tokio::test]
async fn a_browser_whose_token_and_cookie_are_of_two_sessions_signs_out_of_both() {
    let app = start_with_ada(&[]).await;
    let (one, other) = (app.call("login", None, LOGIN).await, app.call("login", None, LOGIN).await);
    let [first, second] = [&one, &other].map(|answer| answer.json()["access_token"].as_str().unwrap().to_owned());

    let signed_out = app.call_with_cookie("logout", Some(&first), &cookie(&other).0, "").await;

    assert_eq!(signed_out.status, 200, "{signed_out:?}");
    for token in [first, second] {
        assert_eq!(app.protected(&token).await.error(), "401 token_revoked Token has been revoked");
    }
}

#[tokio::test]
async fn signing_out_takes_the_cookie_back_and_needs_no_more_than_the_cookie() {
    let app = start_with_ada(&[]).await;
    let login = app.call("login", None, LOGIN).await;
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    let signed_out = app.call_with_cookie("logout", None, &cookie(&login).0, "").await;
    assert_eq!(signed_out.status, 200, "{signed_out:?}");
    assert_eq!(cookie(&signed_out).1.last().unwrap(), "Max-Age=0");
    assert_eq!(app.protected(&access).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!(app.call_with_cookie("logout", None, &cookie(&login).0, "").await.status, 200, "twice is no error");
    assert_eq!(app.call("logout", Some(&access), "").await.status, 200);
    // The machines' door takes no cookie.
    let logout = app.send("DELETE", "/logout", &[("cookie", &cookie(&login).0)], None).await;
    assert_eq!(logout.error(), "401 missing_token Missing Authorization Header");
}

#[tokio::test]
async fn a_new_sign_in_ends_the_session_that_this_browser_held() {
    let app = start_with_ada(&[]).await;
    let (first, elsewhere) = (app.call("login", None, LOGIN).await, app.call("login", None, LOGIN).await);
    let second = app.call_with_cookie("login", None, &cookie(&first).0, LOGIN).await;
    let alive =
        async |answer: &Answer| app.protected(answer.json()["access_token"].as_str().unwrap()).await.status == 200;
    assert!(!alive(&first).await && alive(&second).await && alive(&elsewhere).await);

    let failed = app.call_with_cookie("login", None, &cookie(&second).0, "username=ada&password=wrong").await;
    assert_eq!((failed.status, failed.header("set-cookie")), (401, None));
    assert!(alive(&second).await, "a failed attempt ends nothing");
}

#[tokio::test]
async fn a_form_posted_without_the_program_signs_in_by_the_cookie_alone() {
    let app = start_with_ada(&[]).await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html,application/xhtml+xml"),
        ("sec-fetch-site", "same-origin"),
        ("referer", "https://evil.example/"),
    ];
    let post =
        async |function: &str, body: &str| app.send("POST", &format!("/api/{function}"), &headers, Some(body)).await;
    app.add_administrator("root").await;
    for (function, body) in [("login", LOGIN.to_owned()), ("signup", format!("username=bob&password={PASSWORD}"))] {
        let answer = post(function, &body).await;
        assert_eq!((answer.status, answer.header("location"), answer.body.as_str()), (303, Some("/dashboard"), ""));
        let renewed = app.call_with_cookie("refresh", None, &cookie(&answer).0, "").await;
        assert_eq!(app.protected(renewed.json()["access_token"].as_str().unwrap()).await.status, 200);
    }
    for (function, body, page) in [
        ("login", "username=ada&password=wrong", "/login?error=bad_credentials"),
        ("login", "username=&password=wrong", "/login?error=missing_username"),
        ("signup", "username=ada&password=correct+horse+battery+staple", "/signup?error=username_taken"),
        ("setup", "code=x&username=eve&password=correct+horse+battery+staple", "/setup?error=not_found"),
    ] {
        let answer = post(function, body).await;
        assert_eq!((answer.status, answer.header("location"), answer.body.as_str()), (303, Some(page), ""), "{body}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    let token = app.login("ada").await;
    let answer =
        app.send("POST", "/api/login", &[headers[0], headers[1], ("sec-fetch-site", "cross-site")], Some(LOGIN)).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (403, None));
    assert_eq!(app.get_as("/protected", &token).await.status, 200);
}

#[tokio::test]
async fn signing_out_without_the_program_ends_the_session_of_the_cookie() {
    let app = start_with_ada(&[]).await;
    let login = app.call("login", None, LOGIN).await;
    let held = cookie(&login).0;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html,application/xhtml+xml"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", held.as_str()),
    ];
    let answer = app.send("POST", "/api/logout", &headers, Some("")).await;
    assert_eq!((answer.status, answer.header("location"), answer.body.as_str()), (303, Some("/"), ""));
    assert_eq!(cookie(&answer).1.last().unwrap(), "Max-Age=0");
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.protected(&access).await.error(), "401 token_revoked Token has been revoked");
}
