//! `/forward-auth`: who is let in, who is led to the form, and which addresses count.

use std::time::Duration;

use handstamp::server::domain::audience::AudienceTexts;
use handstamp::server::flows::{self, Actor, Target};

use crate::audiences::plain;
use crate::harness::{Answer, TestApp, bearer, part};

pub const APP: &str = "https://app.example.org";
pub const GATE: [(&str, &str); 4] = [
    ("PUBLIC_URL", "https://id.example.org"),
    ("GATE_ORIGINS", "https://app.example.org,https://wiki.example.org:8443"),
    ("GATE_COOKIE_DOMAIN", "example.org"),
    ("TRUSTED_PROXIES", "127.0.0.1"),
];

const NAVIGATION: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const ASKED: (&str, &str) = ("x-original-url", "https://app.example.org/reports?week=3");

async fn ask(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    app.send("GET", "/forward-auth", headers, None).await
}

fn remote(answer: &Answer) -> [Option<&str>; 3] {
    ["remote-user", "remote-groups", "remote-subject"].map(|name| answer.header(name))
}

#[tokio::test]
async fn a_signed_in_user_is_let_in_with_name_roles_and_id_whatever_the_method() {
    let app = TestApp::start_with(&GATE).await;
    app.add_administrator("root").await;
    let (root, ada) = (app.login("root").await, app.somebody("ada").await);
    let subject = |token: &str| part(token, 1)["sub"].as_str().unwrap().to_owned();
    // A page of another site may have caused the request: that is for the application to judge.
    let cross = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("content-type", "text/plain")];
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        for (token, name, groups) in [(&root, "root", "admin"), (&ada, "ada", "")] {
            let mut headers = vec![("authorization", bearer(token)), ("x-original-url", ASKED.1.to_owned())];
            headers.extend(cross.map(|(name, value)| (name, value.to_owned())));
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let body = (method == "POST").then_some("a=b");
            let answer = app.send(method, "/forward-auth", &headers, body).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{method} {answer:?}");
            assert_eq!(remote(&answer), [Some(name), Some(groups), Some(&*subject(token))], "{method}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        let answer = app.send(method, "/forward-auth", &[], None).await;
        assert_eq!((answer.status, remote(&answer)), (401, [None; 3]), "{method}");
    }
}

#[tokio::test]
async fn a_token_opens_the_gate_no_longer_than_any_other_door() {
    let app = TestApp::start_with(&GATE).await;
    app.add_administrator("root").await;
    let token = app.somebody("ada").await;
    let gate = async |token: &str| app.get_as("/forward-auth", token).await;
    assert_eq!(gate(&token).await.status, 200);
    app.logout(&token).await;
    assert_eq!(gate(&token).await.error(), "401 token_revoked Token has been revoked");

    let disabled = app.login("ada").await;
    flows::disable_user(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
    assert_eq!(gate(&disabled).await.error(), "401 token_revoked Token has been revoked");

    let root = app.tokens("root").await;
    assert_eq!(gate(&root.refresh).await.error(), "401 invalid_token Invalid token");
    assert_eq!(gate("x").await.error(), "401 invalid_token Invalid token");
    app.pass(Duration::from_mins(6));
    assert_eq!(gate(&root.access).await.error(), "401 token_expired Token has expired");
}

#[tokio::test]
async fn a_browser_that_wants_a_page_is_led_to_the_form_and_nobody_else() {
    let app = TestApp::start_with(&GATE).await;
    let location = "https://id.example.org/login?next=https%3A%2F%2Fapp.example.org%2Freports%3Fweek%3D3";
    for headers in [
        &[NAVIGATION, ASKED][..],
        // One of the application's own.
        &[NAVIGATION, ASKED, ("authorization", "Basic eDp5")],
        &[NAVIGATION, ASKED, ("authorization", "Bearer x")],
        &[NAVIGATION, ASKED, ("x-forwarded-method", "GET")],
        &[
            NAVIGATION,
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "app.example.org"),
            ("x-forwarded-uri", "/reports?week=3"),
        ],
    ] {
        let answer = ask(&app, headers).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some(location)), "{headers:?}");
        assert_eq!((remote(&answer), answer.header("cache-control")), ([None; 3], Some("no-store")));
        let answer = app.send("GET", "/forward-auth?redirect=no", headers, None).await;
        assert_eq!((answer.status, answer.header("location")), (401, None), "{headers:?}");
    }
    for headers in [
        &[ASKED][..],
        &[ASKED, ("accept", "*/*")],
        &[ASKED, ("accept", "application/json")],
        &[NAVIGATION, ASKED, ("x-forwarded-method", "POST")],
        &[NAVIGATION, ASKED, ("x-original-method", "HEAD")],
        &[NAVIGATION, ASKED, ("x-original-method", "GET"), ("x-forwarded-method", "POST")],
    ] {
        assert_eq!(ask(&app, headers).await.error(), MISSING, "{headers:?}");
    }
    for method in ["POST", "HEAD", "PUT"] {
        assert_eq!(app.send(method, "/forward-auth", &[NAVIGATION, ASKED], None).await.status, 401, "{method}");
    }
    let long = format!("{APP}/{}", "x".repeat(3000));
    let answer = ask(&app, &[NAVIGATION, ("x-original-url", &long)]).await;
    let start = "https://id.example.org/login?next=https%3A%2F%2Fapp.example.org%2F";
    assert_eq!(answer.header("location"), Some(start), "the beginning of the application");
}

#[tokio::test]
async fn an_application_gets_a_token_of_its_own_if_the_proxy_names_its_audience() {
    let app = TestApp::start_with(&GATE).await;
    app.audience(AudienceTexts { roles: "admin".into(), ..plain("console") }).await;
    app.audience(plain("wiki")).await;
    let token = app.somebody("ada").await;
    let ask = async |query: &str| app.get_as(&format!("/forward-auth{query}"), &token).await;
    assert_eq!(ask("").await.header("authorization"), None);

    let answer = ask("?redirect=no&audience=wiki").await;

    assert_eq!((answer.status, answer.header("remote-user")), (200, Some("ada")));
    let given = answer.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
    let (claims, own) = (part(given, 1), part(&token, 1));
    assert_eq!((&claims["aud"], &claims["sid"], &claims["sub"]), (&"wiki".into(), &own["sid"], &own["sub"]));
    assert_eq!(
        app.protected(given).await.error(),
        "401 invalid_token Invalid token",
        "it is for the application alone"
    );

    let lacks_a_role = ask("?audience=console").await;
    assert_eq!((lacks_a_role.status, lacks_a_role.json()["code"].as_str()), (403, Some("insufficient_scope")));
    assert_eq!(ask("?audience=unknown").await.error(), "400 invalid_target Unknown audience");
    assert_eq!(ask("?audience=wiki&audience=console").await.status, 400);
    assert_eq!(app.get("/forward-auth?audience=wiki").await.error(), MISSING);
    let client = app.client("wiki").await;
    app.logout(&token).await;
    assert_eq!(
        app.as_client("POST", "/introspect", &client, &format!("token={given}")).await.body,
        r#"{"active":false}"#
    );
}

const MISSING: &str = "401 missing_token Missing Authorization Header";
const NOT_LISTED: &str = "403 origin_not_listed Origin is not listed";

#[tokio::test]
async fn an_address_that_is_not_of_a_listed_origin_is_refused_also_for_a_signed_in_user() {
    let app = TestApp::start_with(&GATE).await;
    let token = bearer(&app.somebody("ada").await);
    let signed_in = ("authorization", token.as_str());
    let parts =
        |proto, host, uri| vec![("x-forwarded-proto", proto), ("x-forwarded-host", host), ("x-forwarded-uri", uri)];
    for address in [
        vec![("x-original-url", "https://evil.example/")],
        vec![("x-original-url", "https://app.example.org.evil.example/")],
        vec![("x-original-url", "https://app.example.org@evil.example/")],
        vec![("x-original-url", "http://app.example.org/")],
        vec![("x-original-url", "//app.example.org/")],
        vec![("x-original-url", "/")],
        vec![("x-original-url", "")],
        vec![ASKED, ASKED],
        vec![ASKED, ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")],
        vec![("x-original-url", "https://evil.example/"), ("x-forwarded-host", "app.example.org")],
        vec![("x-forwarded-host", "app.example.org")],
        vec![("x-forwarded-host", "app.example.org"), ("x-forwarded-proto", "https"), ("x-forwarded-proto", "https")],
        parts("https", "evil.example", "/"),
        parts("https", "app.example.org, evil.example", "/"),
        parts("https", "app.example.org", "@evil.example/"),
        parts("https", "app.example.org", ".evil.example/"),
        parts("http", "app.example.org", "/"),
        parts("javascript", "app.example.org", "/"),
        parts("https", "wiki.example.org", "/"),
    ] {
        for more in [vec![], vec![NAVIGATION], vec![signed_in]] {
            let headers: Vec<_> = address.iter().copied().chain(more).collect();
            assert_eq!(ask(&app, &headers).await.error(), NOT_LISTED, "{headers:?}");
        }
    }
    for address in [
        vec![],
        vec![ASKED],
        parts("https", "app.example.org", "/x"),
        parts("https", "app.example.org:443", "/"),
        parts("wss", "wiki.example.org:8443", "/live"),
    ] {
        let headers: Vec<_> = address.into_iter().chain([signed_in]).collect();
        assert_eq!(ask(&app, &headers).await.status, 200, "{headers:?}");
    }
    assert_eq!(ask(&app, &[NAVIGATION]).await.error(), NOT_LISTED, "nobody said where to lead back");
}

#[tokio::test]
async fn what_a_stranger_says_of_the_address_is_ignored() {
    let settings: Vec<_> = GATE.into_iter().filter(|(name, _)| *name != "TRUSTED_PROXIES").collect();
    let app = TestApp::start_with(&settings).await;
    let token = bearer(&app.somebody("ada").await);
    for address in [ASKED.1, "https://evil.example/"] {
        let address = ("x-original-url", address);
        assert_eq!(ask(&app, &[address]).await.error(), MISSING);
        assert_eq!(ask(&app, &[NAVIGATION, address]).await.error(), NOT_LISTED, "no redirect");
        assert_eq!(ask(&app, &[address, ("authorization", &token)]).await.status, 200);
    }
}

#[tokio::test]
async fn who_cannot_be_known_is_neither_let_in_nor_led_to_the_form() {
    let app = TestApp::start_with(&GATE).await;
    let token = bearer(&app.somebody("ada").await);
    app.pass_unheard(Duration::from_secs(2));
    let answer = ask(&app, &[NAVIGATION, ASKED, ("authorization", &token)]).await;
    assert_eq!(answer.error(), "503 unavailable Temporarily unavailable");
}

#[tokio::test]
async fn a_proxy_that_asks_for_more_than_there_is_is_not_told_yes() {
    let app = TestApp::start_with(&GATE).await;
    let token = app.somebody("ada").await;
    for query in ["redirect=yes", "redirect=", "group=admin", "redirect=no&group=admin", "x"] {
        let answer = app.get_as(&format!("/forward-auth?{query}"), &token).await;
        assert_eq!(answer.error(), "400 invalid_request Malformed request", "{query}");
    }
    assert_eq!(app.get_as("/forward-auth?redirect=no", &token).await.status, 200);
    assert_eq!(app.get_as("/forward-auth?", &token).await.status, 200);
}

#[tokio::test]
async fn a_name_beyond_ascii_goes_as_utf8_and_no_role_can_bring_another() {
    let claims = ("ADDITIONAL_CLAIMS", r#"{"roles":["editor","x,admin","ü\u0000"]}"#);
    let app = TestApp::start_with(&[claims]).await;
    let answer = app.get_as("/forward-auth", &app.somebody("zoë").await).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("remote-user"), Some("zoë"));
    assert_eq!(answer.header("remote-groups"), Some("editor,x%2Cadmin,%C3%BC%00"));
}
