//! Addresses that are typed by hand or that programs try: a page's with a slash at the end, and where a password is changed.

use crate::harness::{Answer, TestApp};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
const NOT_FOUND: &str = "404 not_found Not found";

const PAGES: [&str; 11] = [
    "/login",
    "/signup",
    "/dashboard",
    "/sessions",
    "/account",
    "/inspector",
    "/setup",
    "/admin",
    "/admin/events",
    "/admin/keys",
    "/login?error=bad_credentials",
];

async fn open(app: &TestApp, method: &str, path: &str) -> Answer {
    app.send(method, path, &[HTML], None).await
}

fn leads_to(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.header("location"))
}

#[tokio::test]
async fn the_address_of_a_page_with_a_slash_at_the_end_leads_to_the_page() {
    let app = TestApp::start().await;
    for page in PAGES {
        let (path, query) =
            page.split_once('?').map_or((page, String::new()), |(path, query)| (path, format!("?{query}")));
        for method in ["GET", "HEAD"] {
            let answer = open(&app, method, &format!("{path}/{query}")).await;
            assert_eq!(leads_to(&answer), (308, Some(page)), "{method} {path}/{query}");
            assert_eq!(answer.body, "", "{method} {path}/{query}");
        }
        assert_eq!(open(&app, "GET", page).await.status, 200, "{page}");
    }
    // The query goes along as it came.
    for query in
        ["?next=%2Fsessions%3Fx%3D1", "?next=//evil.example/", "?", "?a=%0d%0aLocation:%20x", "?//evil.example"]
    {
        let answer = open(&app, "GET", &format!("/login/{query}")).await;
        assert_eq!(leads_to(&answer), (308, Some(&*format!("/login{query}"))), "{query}");
    }
}

#[tokio::test]
async fn nothing_else_with_a_slash_at_the_end_leads_anywhere() {
    let app = TestApp::start().await;
    for path in [
        "//",
        "///",
        "/\\/",
        "//evil.example/",
        "//evil.example/login/",
        "/\\/evil.example/",
        "/\\evil.example/",
        "/login//",
        "//login/",
        "/login/x/",
        "/login%2f",
        "/login;/",
        "/Login/",
        "/nothing/",
        "/protected/",
        "/sessions/x/",
        "/logout/",
        "/pkg/",
        "/favicon.svg/",
        "/.well-known/change-password/",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = open(&app, method, path).await;
            assert_eq!(leads_to(&answer), (404, None), "{method} {path}");
        }
    }
    // What changes something is not led on with what it carries.
    for method in ["POST", "PUT", "DELETE"] {
        for page in PAGES {
            let path = format!("{}/", page.split('?').next().unwrap());
            let answer = open(&app, method, &path).await;
            assert_eq!((answer.error().as_str(), answer.header("location")), (NOT_FOUND, None), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_machine_that_adds_a_slash_is_told_404() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let authorization = crate::harness::bearer(&token);
    let headers = [("accept", "application/json"), ("authorization", authorization.as_str())];
    for (method, path) in [
        ("GET", "/sessions/"),
        ("GET", "/me/"),
        ("GET", "/protected/"),
        ("GET", "/.well-known/jwks.json/"),
        ("GET", "/login/"),
        ("GET", "/api/greeting/"),
        ("POST", "/login/"),
        ("DELETE", "/logout/"),
    ] {
        let answer = app.send(method, path, &headers, None).await;
        assert_eq!((answer.error().as_str(), answer.header("location")), (NOT_FOUND, None), "{method} {path}");
    }
    // Nor does a program that takes anything get from a door that it did not ask for.
    let anything = [("accept", "*/*"), headers[1]];
    assert_eq!(leads_to(&app.send("GET", "/sessions/", &anything, None).await), (404, None));
}

#[tokio::test]
async fn a_password_manager_finds_where_the_password_is_changed() {
    let app = TestApp::start().await;
    for method in ["GET", "HEAD"] {
        for headers in [&[HTML][..], &[]] {
            let answer = app.send(method, "/.well-known/change-password", headers, None).await;
            assert_eq!(leads_to(&answer), (302, Some("/account")), "{method}: {answer:?}");
        }
    }
    assert_eq!(open(&app, "GET", "/account").await.status, 200);
    // By this it finds out whether a site answers everything (W3C, section 3).
    let absent = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert_eq!(leads_to(&open(&app, "GET", absent).await), (404, None));
    for method in ["POST", "OPTIONS"] {
        let answer = app.send(method, "/.well-known/change-password", &[], None).await;
        assert!([401, 405].contains(&answer.status), "{method}: {answer:?}");
    }
}
