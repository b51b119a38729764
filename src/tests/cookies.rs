//! The cookies: a page's refresh token, and the known device. No script can read either.

use std::time::Duration;

use crate::harness::{Answer, PASSWORD, TestApp};

const LOGIN: &str = "username=ada&password=correct+horse+battery+staple&remember=on";
const BRIEF: &str = "username=ada&password=correct+horse+battery+staple";

/// Returns the refresh token's cookie in the form that a browser sends, and its attributes.
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    the_cookie(answer, "handstamp_refresh=")
}

/// Returns the only cookie with this name.
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
async fn a_page_gets_the_access_token_and_only_the_cookie_has_the_refresh_token() {
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
        // Without `Max-Age` it is deleted when the browser closes.
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
    // This door accepts only the cookie, and only from our own pages.
    let answer = app.send("POST", "/api/refresh", &[("cookie", &cookie(&renewed).0)], None).await;
    assert_eq!(answer.error(), "403 cross_site_request Cross-site request refused");
    assert_eq!(app.send("GET", "/api/refresh", &[("cookie", &cookie(&renewed).0)], None).await.status, 405);
}

/// Answers overtake one another: any of these may reach the browser after that of a sign-in in another tab.
#[tokio::test]
async fn no_answer_deletes_a_cookie_that_a_newer_answer_may_have_set() {
    let app = start_with_ada(&[]).await;
    let plain_form = ("accept", "text/html,application/xhtml+xml");
    let ended = app.call("login", None, LOGIN).await;
    app.logout(ended.json()["access_token"].as_str().unwrap()).await;
    let expired = app.call("login", None, LOGIN).await;
    app.pass(Duration::from_hours(24 * 31));
    let reused = app.call("login", None, LOGIN).await;
    let next = app.call_with_cookie("refresh", None, &cookie(&reused).0, "").await;
    assert_eq!(app.call_with_cookie("refresh", None, &cookie(&next).0, "").await.status, 200);
    for (worthless, code) in [
        (cookie(&ended).0, "token_revoked"),
        (cookie(&expired).0, "token_expired"),
        (cookie(&reused).0, "refresh_token_reused"),
        ("handstamp_refresh=hs_rt_x".to_owned(), "invalid_token"),
        ("handstamp_refresh=".to_owned(), "invalid_token"),
    ] {
        let refused = app.call_with_cookie("refresh", None, &worthless, "").await;
        assert_eq!((refused.status, refused.header("set-cookie")), (401, None), "{code}");
        assert_eq!(refused.json()["code"], code);
        // Nor a page, which says what it has seen, so that its program does not ask again and again.
        let page = app.send("GET", "/dashboard", &[("cookie", &worthless), plain_form], None).await;
        assert_eq!((page.status, page.header("set-cookie")), (200, None), "{code}");
        assert!(page.body.contains(r#"data-signed-in="unknown""#), "{code}");
    }
    for without_the_program in [false, true] {
        let login = app.call("login", None, LOGIN).await;
        let (held, access) = (cookie(&login).0, login.json()["access_token"].as_str().unwrap().to_owned());
        let id = crate::harness::part(&access, 1)["sid"].as_str().unwrap().to_owned();
        let authorization = crate::harness::bearer(&access);
        for (function, body) in [
            ("login", "username=ada&password=wrong".to_owned()),
            ("logout", String::new()),
            ("logout", String::new()),
            ("end-session", format!("id={id}")),
            ("delete-account", "password=wrong".to_owned()),
        ] {
            let mut headers = vec![
                ("content-type", "application/x-www-form-urlencoded"),
                ("sec-fetch-site", "same-origin"),
                ("cookie", &held),
            ];
            // A form that the browser posts by itself has no token.
            headers.push(if without_the_program { plain_form } else { ("authorization", &authorization) });
            let answer = app.send("POST", &format!("/api/{function}"), &headers, Some(&body)).await;
            assert_eq!(answer.header("set-cookie"), None, "{function}: {answer:?}");
        }
        assert_eq!(app.call_with_cookie("refresh", None, &held, "").await.status, 401, "the session has ended");
    }
    let login = app.call("login", None, LOGIN).await;
    let (held, access) = (cookie(&login).0, login.json()["access_token"].as_str().unwrap().to_owned());
    let password = format!("password={PASSWORD}");
    let deleted = app.call_with_cookie("delete-account", Some(&access), &held, &password).await;
    assert_eq!((deleted.status, deleted.header("set-cookie")), (200, None), "{deleted:?}");
}

#[tokio::test]
async fn a_sign_out_that_the_store_did_not_keep_can_be_brought_again_by_the_cookie() {
    let app = start_with_ada(&[]).await;
    let login = app.call("login", None, LOGIN).await;
    app.state.store.close().await;
    let failed = app.call_with_cookie("logout", None, &cookie(&login).0, "").await;
    assert_eq!((failed.status, failed.header("set-cookie")), (503, None), "{failed:?}");

    let app = app.restart().await;
    assert_eq!(app.call_with_cookie("refresh", None, &cookie(&login).0, "").await.status, 200, "it lives");
    assert_eq!(app.call_with_cookie("logout", None, &cookie(&login).0, "").await.status, 200);
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.protected(&access).await.error(), "401 token_revoked Token has been revoked");
}

#[tokio::test]
async fn a_browser_with_token_and_cookie_of_two_sessions_signs_out_of_both() {
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
async fn signing_out_needs_no_more_than_the_cookie_and_leaves_it_worthless() {
    let app = start_with_ada(&[]).await;
    let login = app.call("login", None, LOGIN).await;
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    let signed_out = app.call_with_cookie("logout", None, &cookie(&login).0, "").await;
    assert_eq!(signed_out.status, 200, "{signed_out:?}");
    let refused = app.call_with_cookie("refresh", None, &cookie(&login).0, "").await;
    assert_eq!(refused.error(), "401 token_revoked Token has been revoked");
    assert_eq!(app.protected(&access).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!(app.call_with_cookie("logout", None, &cookie(&login).0, "").await.status, 200, "twice is no error");
    assert_eq!(app.call("logout", Some(&access), "").await.status, 200);
    // The door of the HTTP API accepts no cookie.
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

    // One whose session has ended meanwhile is in nobody's way.
    app.logout(second.json()["access_token"].as_str().unwrap()).await;
    let second = app.call_with_cookie("login", None, &cookie(&second).0, LOGIN).await;
    assert!(alive(&second).await);

    let failed = app.call_with_cookie("login", None, &cookie(&second).0, "username=ada&password=wrong").await;
    assert_eq!((failed.status, failed.header("set-cookie")), (401, None));
    assert!(alive(&second).await, "a failed attempt ends nothing");
}

#[tokio::test]
async fn a_form_posted_without_script_signs_in_with_the_cookie_only() {
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
async fn a_form_posted_without_the_program_goes_on_to_the_page_that_it_names_if_that_is_our_own() {
    let app = start_with_ada(&[]).await;
    app.add_administrator("root").await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html,application/xhtml+xml"),
        ("sec-fetch-site", "same-origin"),
    ];
    let location = async |path: &str, body: &str| {
        let answer = app.send("POST", path, &headers, Some(body)).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    };
    for (next, then, back) in [
        ("%2Fsessions%3Fx%3D1%23here", "/sessions?x=1#here", "/login?next=%2Fsessions%3Fx%3D1%23here&error="),
        (
            "/.well-known/change-password",
            "/.well-known/change-password",
            "/login?next=%2F.well-known%2Fchange-password&error=",
        ),
        ("/caf%C3%A9+bar", "/caf%C3%A9%20bar", "/login?next=%2Fcaf%25C3%25A9%2520bar&error="),
        ("//evil.example", "/dashboard", "/login?error="),
        ("/%09/evil.example", "/dashboard", "/login?error="),
        ("/dashboard%0d%0aLocation:%20https://evil.example", "/dashboard", "/login?error="),
        ("%00", "/dashboard", "/login?error="),
    ] {
        assert_eq!(location("/api/login", &format!("{LOGIN}&next={next}")).await, then, "{next}");
        let refused = location("/api/login", &format!("next={next}&username=ada&password=")).await;
        assert_eq!(refused, format!("{back}missing_password"), "{next}");
    }
    let signup = format!("username=bob&password={PASSWORD}&next=/account").replace(' ', "+");
    assert_eq!(location("/api/signup", &signup).await, "/account");
    assert_eq!(location("/api/signup", &signup).await, "/signup?next=%2Faccount&error=username_taken");
    let twice = location("/api/login", &format!("{LOGIN}&next=/account&next=/sessions")).await;
    assert_eq!(twice, "/login?error=invalid_request");
    // The form says it, not the address that it is sent to; and a sign-out leads nowhere.
    assert_eq!(location("/api/login?next=/account", LOGIN).await, "/dashboard");
    let held = cookie(&app.call("login", None, LOGIN).await).0;
    let headers = headers.into_iter().chain([("cookie", held.as_str())]).collect::<Vec<_>>();
    let out = app.send("POST", "/api/logout", &headers, Some("next=/account")).await;
    assert_eq!((out.status, out.header("location")), (303, Some("/")));
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
    assert_eq!(app.call_with_cookie("refresh", None, &held, "").await.status, 401);
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(app.protected(&access).await.error(), "401 token_revoked Token has been revoked");
}
