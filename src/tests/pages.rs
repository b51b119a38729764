//! The HTML of the pages, before any script runs.

use crate::harness::TestApp;

#[tokio::test]
async fn every_page_has_a_title_a_heading_and_a_language() {
    let app = TestApp::start().await;
    for (page, title, heading) in [
        ("/", "Handstamp", "Signed out means signed out."),
        ("/login", "Sign in · Handstamp", "Welcome back"),
        ("/signup", "Create an account · Handstamp", "Create an account"),
        ("/setup", "Set up · Handstamp", "Make the first account"),
        ("/dashboard", "Dashboard · Handstamp", ""),
        ("/account", "Account · Handstamp", ""),
        ("/admin", "Users · Handstamp", ""),
        ("/admin/events", "Events · Handstamp", ""),
        ("/admin/keys", "Keys · Handstamp", ""),
    ] {
        let answer = app.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{page}");
        assert!(answer.body.contains(&format!("<title>{title}</title>")), "{page}: {}", answer.body);
        assert!(answer.body.contains(heading), "{page}");
        assert!(answer.body.contains(r#"<html lang="en""#), "{page}");
    }
}

#[tokio::test]
async fn the_sign_in_form_never_puts_a_password_into_an_address() {
    let app = TestApp::start().await;
    for (page, action) in [("/login", "/api/login"), ("/signup", "/api/signup"), ("/setup", "/api/setup")] {
        let body = app.get(page).await.body;
        let forms: Vec<_> = body.split("<form").skip(1).map(|form| form.split('>').next().unwrap()).collect();
        // Those that sign in, and the one that signs out.
        assert!(forms.iter().all(|form| form.contains(r#"method="post""#)), "{page}: {forms:?}");
        let own = forms.iter().filter(|form| form.contains(&format!(r#"action="{action}""#)));
        assert_eq!(own.count(), 1, "{page}: {forms:?}");
        assert!(body.contains("<noscript>"), "{page}");
    }
}

#[tokio::test]
async fn a_path_that_nothing_has_is_a_page_with_404() {
    let app = TestApp::start().await;
    for path in ["/nothing", "/login/x", "/..%2fCargo.toml", "/.git/config", "/pkg/", "/Cargo.toml", "/data/jwt_secret"]
    {
        let answer = app.send("GET", path, &[("accept", "text/html,*/*")], None).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let page = app.send("GET", "/nothing", &[("accept", "text/html")], None).await;
    assert!(page.body.contains("There is nothing here."));
    assert!(page.body.contains("Not found · Handstamp"));

    let json = app.send("GET", "/nothing", &[("accept", "application/json")], None).await;
    assert_eq!(json.error(), "404 not_found Not found");
    assert_eq!(app.get("/api/nothing").await.error(), "404 not_found Not found");
    assert_eq!(app.post_json("/nothing", "{}").await.error(), "404 not_found Not found");
}

#[tokio::test]
async fn a_page_loads_nothing_from_other_origins() {
    let app = TestApp::start().await;
    for page in ["/", "/login", "/signup", "/setup", "/dashboard", "/account", "/admin", "/admin/events", "/admin/keys"]
    {
        let body = app.get(page).await.body;
        for attribute in ["src=\"", "href=\"", "action=\""] {
            for address in body.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let own = address.is_empty()
                    || address.starts_with('#')
                    || (address.starts_with('/') && !address.starts_with("//"));
                assert!(own, "{page}: {address}");
            }
        }
    }
}
