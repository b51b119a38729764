//! The way back from the sign-in form to an application behind the gate.

use crate::forward_auth::{APP, GATE};
use crate::harness::{Answer, PASSWORD, TestApp};

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml");
const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-site");
const LOGIN: &str = "/login?next=https%3A%2F%2Fapp.example.org%2Freports%3Fweek%3D3";
const REPORTS: &str = "https://app.example.org/reports?week=3";

async fn start_with(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::start_with(settings).await;
    app.add_user("ada").await;
    app
}

fn cookies(answer: &Answer) -> Vec<&str> {
    let set = answer.headers.iter().filter(|(header, _)| header == "set-cookie");
    set.map(|(_, value)| value.split("; ").next().unwrap()).collect()
}

/// The cookies that a browser has after these answers, for its next request.
fn jar(answers: &[&Answer]) -> String {
    let mut jar: Vec<&str> = Vec::new();
    for cookie in answers.iter().flat_map(|answer| cookies(answer)) {
        let name = cookie.split('=').next().unwrap();
        jar.retain(|known| known.split('=').next() != Some(name));
        jar.push(cookie);
    }
    jar.join("; ")
}

async fn open(app: &TestApp, path: &str, cookies: &str, more: &[(&str, &str)]) -> Answer {
    let headers: Vec<_> = [PAGE, ("cookie", cookies)].into_iter().chain(more.iter().copied()).collect();
    app.send("GET", path, &headers, None).await
}

async fn sign_in(app: &TestApp) -> Answer {
    app.call("login", None, &format!("username=ada&password={PASSWORD}&remember=on")).await
}

#[tokio::test]
async fn a_form_leads_back_to_a_listed_application_and_to_no_other_place() {
    let app = start_with(&GATE).await;
    let headers = [("content-type", "application/x-www-form-urlencoded"), PAGE, ("sec-fetch-site", "same-origin")];
    for (next, location) in [
        (REPORTS, REPORTS),
        (APP, "https://app.example.org/"),
        ("https://wiki.example.org:8443/a#b", "https://wiki.example.org:8443/a#b"),
        ("/sessions", "/sessions"),
        ("//evil.example", "/dashboard"),
        ("https://evil.example", "/dashboard"),
        ("https://app.example.org@evil.example", "/dashboard"),
        ("https://app.example.org.evil.example", "/dashboard"),
        ("https://app.example.orgevil.example", "/dashboard"),
        ("https://evil.example\\@app.example.org", "/dashboard"),
        ("https://app.example.org\t/", "/dashboard"),
        ("https:app.example.org", "/dashboard"),
        ("http://app.example.org", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"),
        ("https://id.example.org/dashboard", "/dashboard"),
    ] {
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let body = format!("username=ada&password={PASSWORD}&next={next}");
        let answer = app.send("POST", "/api/login", &headers, Some(&body)).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some(location)), "{next}");
        assert!(cookies(&answer).iter().any(|cookie| cookie.starts_with("handstamp_gate=")), "{answer:?}");

        let page = open(&app, &format!("/login?next={next}"), "", &[SAME_SITE]).await;
        let policy = page.header("content-security-policy").unwrap();
        let origin = location.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        let form_action =
            origin.map_or("form-action 'self';".to_owned(), |origin| format!("form-action 'self' https://{origin};"));
        assert!(policy.contains(&form_action), "{next}: {policy}");
        let field = page.body.split(r#"name="next""#).nth(1).and_then(|rest| rest.split("value=\"").nth(1));
        let field = field.and_then(|rest| rest.split('"').next()).unwrap_or("/dashboard");
        assert_eq!(field, location, "{next}");
        let again =
            app.send("POST", "/api/login", &headers, Some(&format!("username=ada&password=x&next={next}"))).await;
        let keeps = again.header("location").unwrap().contains("next=");
        assert_eq!(keeps, location != "/dashboard", "a failure leads back to the form: {again:?}");
    }
}

#[tokio::test]
async fn a_browser_with_a_session_is_led_back_with_a_cookie_and_no_question() {
    let app = start_with(&GATE).await;
    let signed_in = sign_in(&app).await;
    // The gate cookie has expired, or was never set.
    let jar_without_gate = jar(&[&signed_in])
        .split("; ")
        .filter(|cookie| !cookie.starts_with("handstamp_gate="))
        .collect::<Vec<_>>()
        .join("; ");
    let back = open(&app, LOGIN, &jar_without_gate, &[SAME_SITE]).await;
    assert_eq!((back.status, back.header("location"), back.body.as_str()), (303, Some(REPORTS), ""));
    let gate = *cookies(&back).iter().find(|cookie| cookie.starts_with("handstamp_gate=")).unwrap();
    let passed = app.send("GET", "/forward-auth", &[("cookie", gate), ("x-original-url", REPORTS)], None).await;
    assert_eq!((passed.status, passed.header("remote-user")), (200, Some("ada")));

    // The session was refreshed: with both cookies it goes on.
    let next = app.call_with_cookie("refresh", None, &jar(&[&signed_in, &back]), "").await;
    assert_eq!(next.status, 200, "{next:?}");
}

#[tokio::test]
async fn a_browser_that_comes_back_at_once_is_told_why_and_not_led_in_a_circle() {
    let app = start_with(&GATE).await;
    let signed_in = sign_in(&app).await;
    let first = open(&app, LOGIN, &jar(&[&signed_in]), &[SAME_SITE]).await;
    assert_eq!(first.status, 303);
    let again = open(&app, LOGIN, &jar(&[&signed_in, &first]), &[SAME_SITE]).await;
    assert_eq!(again.status, 200);
    assert!(
        again.body.contains("app.example.org") && again.body.contains("does not let this browser in"),
        "{}",
        again.body
    );
    assert_eq!(cookies(&again), Vec::<&str>::new());
    let tried = first.headers.iter().find(|(_, value)| value.starts_with("handstamp_gate_tried_")).unwrap();
    assert!(tried.1.ends_with("=1; HttpOnly; SameSite=Lax; Path=/login; Secure; Max-Age=30"), "{tried:?}");
    // Several tabs with several pages are no circle.
    let other = LOGIN.replace("week%3D3", "week%3D4");
    assert_eq!(open(&app, &other, &jar(&[&signed_in, &first]), &[SAME_SITE]).await.status, 303);
}

#[tokio::test]
async fn without_a_live_session_there_is_the_form() {
    let app = start_with(&GATE).await;
    let signed_in = sign_in(&app).await;
    let token = signed_in.json()["access_token"].as_str().unwrap().to_owned();
    let held = jar(&[&signed_in]);
    let other_ways = [
        app.send("HEAD", LOGIN, &[PAGE, ("cookie", &held)], None).await,
        open(&app, LOGIN, &held, &[("sec-purpose", "prefetch")]).await,
        open(&app, "/login?next=%2Fsessions", &held, &[SAME_SITE]).await,
        open(&app, "/login?next=https%3A%2F%2Fevil.example", &held, &[SAME_SITE]).await,
        open(&app, "/login", &held, &[SAME_SITE]).await,
    ];
    for answer in other_ways {
        assert_eq!((answer.status, cookies(&answer)), (200, vec![]), "{answer:?}");
    }
    app.logout(&token).await;
    for cookies_sent in [held.as_str(), "", "__Host-handstamp_refresh=x", "__Host-handstamp_refresh="] {
        let page = open(&app, LOGIN, cookies_sent, &[SAME_SITE]).await;
        assert_eq!((page.status, cookies(&page)), (200, vec![]), "{cookies_sent}");
        assert!(page.body.contains("<form") && !page.body.contains("does not let this browser in"));
    }
}

/// `SameSite=Strict`: the browser does not send the refresh token's cookie if a link of another site led to the application.
#[tokio::test]
async fn a_browser_that_another_site_led_to_the_application_looks_once_more() {
    let app = start_with(&GATE).await;
    let cross = [("sec-fetch-site", "cross-site")];
    let page = open(&app, LOGIN, "", &cross).await;
    assert_eq!(page.header("refresh"), Some(&*format!("0; url={LOGIN}&again=1")));
    assert!(page.body.contains(&format!("href=\"{LOGIN}&amp;again=1\"")), "{}", page.body);
    let again = format!("{LOGIN}&again=1");
    for site in ["same-origin", "cross-site"] {
        let form = open(&app, &again, "", &[("sec-fetch-site", site)]).await;
        assert_eq!((form.status, form.header("refresh")), (200, None), "{site}");
        assert!(form.body.contains("<form"));
    }
    let signed_in = sign_in(&app).await;
    let back = open(&app, &again, &jar(&[&signed_in]), &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!((back.status, back.header("location")), (303, Some(REPORTS)));
    let own = open(&app, "/login?next=%2Fsessions", "", &cross).await;
    assert_eq!(own.header("refresh"), None);
}

#[tokio::test]
async fn an_application_that_cannot_get_the_cookie_is_no_circle_either() {
    let without = &GATE[..2];
    let elsewhere = [GATE[0], ("GATE_ORIGINS", "https://app.example.com"), GATE[2], GATE[3]];
    for (settings, login) in
        [(without, LOGIN.to_owned()), (&elsewhere[..], LOGIN.replace("example.org", "example.com"))]
    {
        let app = start_with(settings).await;
        let signed_in = sign_in(&app).await;
        let page = open(&app, &login, &jar(&[&signed_in]), &[SAME_SITE]).await;
        assert_eq!((page.status, cookies(&page)), (200, vec![]), "{page:?}");
        assert!(page.body.contains("does not let this browser in"), "{}", page.body);
    }
}
