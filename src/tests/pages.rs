//! The HTML of the pages, before any script runs.

use std::collections::BTreeSet;

use handstamp::server::http;

use crate::harness::{Answer, PASSWORD, TestApp};

/// What a browser says that opens an address typed by hand.
const TYPED: [(&str, &str); 2] = [("accept", "text/html"), ("sec-fetch-site", "none")];

/// The pages that have something for everybody. All others are for users only.
const FOR_EVERYBODY: [&str; 9] = [
    "/",
    "/email/confirm",
    "/inspector",
    "/login",
    "/login/second-factor",
    "/password/forgot",
    "/password/reset",
    "/setup",
    "/signup",
];

#[tokio::test]
async fn every_page_has_a_title_a_heading_and_a_language() {
    let app = TestApp::start().await;
    for (page, title, heading) in [
        ("/", "Handstamp", "Signed out means signed out."),
        ("/login", "Sign in · Handstamp", "Welcome back"),
        ("/signup", "Create an account · Handstamp", "Create an account"),
        ("/setup", "Set up · Handstamp", "Make the first account"),
        ("/password/forgot", "Forgotten password · Handstamp", "Forgotten password"),
        ("/password/reset?token=x", "New password · Handstamp", "Choose a new password"),
        ("/email/confirm?token=x", "Confirm your email address · Handstamp", "Confirm your email address"),
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

#[tokio::test]
async fn a_page_gives_way_to_the_sign_in_form_unless_it_is_for_everybody() {
    let app = TestApp::start().await;
    let mut pages = 0;
    let doors: BTreeSet<_> = http::doors().into_iter().collect();
    for path in doors.iter().filter_map(|door| door.strip_prefix("GET ")) {
        let answer = app.send("GET", path, &TYPED, None).await;
        if answer.status == 200 && answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            let gives_way = answer.body.contains("location.replace(");
            assert_eq!(gives_way, !FOR_EVERYBODY.contains(&path), "{path}");
            pages += 1;
        }
    }
    assert_eq!(pages, FOR_EVERYBODY.len() + 6);
}

#[tokio::test]
async fn the_links_of_a_page_for_users_lead_to_the_form_and_back() {
    let app = TestApp::start().await;
    for (page, next) in [
        ("/dashboard", "%2Fdashboard"),
        ("/admin/events", "%2Fadmin%2Fevents"),
        ("/sessions?x=1&y=%2F", "%2Fsessions%3Fx%3D1%26y%3D%252F"),
        ("/account?next=//evil.example", "%2Faccount%3Fnext%3D%2F%2Fevil.example"),
    ] {
        let body = app.send("GET", page, &TYPED, None).await.body;
        for form in ["login", "signup"] {
            assert!(body.contains(&format!(r#"href="/{form}?next={next}""#)), "{page}: {body}");
        }
    }
    let long = format!("/sessions?{}", "x".repeat(3000));
    for page in ["/", "/inspector", "/inspector?next=/account", &long] {
        let body = app.send("GET", page, &TYPED, None).await.body;
        assert!(body.contains(r#"href="/login""#) && body.contains(r#"href="/signup""#), "{page}");
    }
}

#[tokio::test]
async fn a_form_leads_on_to_a_page_of_our_own_and_to_nothing_else() {
    let app = TestApp::start().await;
    let long = format!("next=/{}", "x".repeat(8 * 1024));
    for form in ["/login", "/signup"] {
        for (query, next) in [
            ("next=%2Fsessions%3Fx%3D1%23here", Some("/sessions?x=1#here")),
            ("next=/.well-known/change-password", Some("/.well-known/change-password")),
            ("next=/login?next=/account", Some("/login?next=/account")),
            ("next=%252f%252fevil.example", None),
            ("next=/%252f%252fevil.example", Some("/%2f%2fevil.example")),
            ("next=/caf%C3%A9", Some("/caf%C3%A9")),
            ("next=/a+b", Some("/a%20b")),
            ("next=/\"><script>alert(1)</script>", Some("/&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")),
            ("next=//evil.example", None),
            ("next=/\\evil.example", None),
            ("next=/%09/evil.example", None),
            ("next=/%0d%0a/evil.example", None),
            ("next=/%2e%2e//evil.example", None),
            ("next=https:evil.example", None),
            ("next=javascript:alert(1)", None),
            ("next=@evil.example", None),
            ("next=", None),
            ("next", None),
            ("next=/account&next=/sessions", None),
            ("NEXT=/account", None),
            (&*long, None),
        ] {
            let answer = app.send("GET", &[form, "?", &escaped(query)].concat(), &TYPED, None).await;
            assert_eq!(answer.status, 200, "{query}");
            let field = next_field(&answer);
            assert_eq!(field.as_deref(), next, "{form}?{query}");
            // The other form is one link away, and keeps it.
            let other = if form == "/login" { "/signup" } else { "/login" };
            let links = answer.body.matches(&format!(r#"href="{other}?next=%2F"#)).count();
            assert_eq!(links, if next.is_some() { 2 } else { 0 }, "{form}?{query}");
        }
    }
    let setup = app.send("GET", "/setup?next=/account", &TYPED, None).await;
    assert_eq!((setup.status, next_field(&setup)), (200, None));
}

#[tokio::test]
async fn a_document_says_whether_its_visitor_can_be_signed_in() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let body = format!("username=ada&password={PASSWORD}").replace(' ', "+");
    let login = app.call("login", None, &body).await;
    let lives = login.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let says = async |headers: &[(&str, &str)]| {
        let page = app.send("GET", "/dashboard", &[&[("accept", "text/html")], headers].concat(), None).await.body;
        page.split("data-signed-in=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (typed, cross_site, cookie) =
        (("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site"), ("cookie", &*lives));
    assert_eq!(says(&[typed, cookie]).await, "yes");
    assert_eq!(says(&[typed]).await, "no");
    assert_eq!(says(&[("sec-fetch-site", "same-origin")]).await, "no");
    assert_eq!(says(&[cross_site]).await, "unknown", "a browser keeps the cookie back");
    assert_eq!(says(&[]).await, "unknown", "so may one that does not say");
    assert_eq!(says(&[typed, ("cookie", "handstamp_refresh=hs_rt_x")]).await, "unknown");

    app.logout(login.json()["access_token"].as_str().unwrap()).await;
    assert_eq!(says(&[typed, cookie]).await, "unknown", "the page says that it was ended");
    app.state.store.close().await;
    assert_eq!(says(&[typed, cookie]).await, "unknown", "a store that does not answer signs out no user");
    assert_eq!(says(&[typed]).await, "no");
}

/// The value of the hidden field, as it stands in the document.
fn next_field(page: &Answer) -> Option<String> {
    let fields: Vec<_> = page.body.split("<input").filter(|field| field.contains(r#"name="next""#)).collect();
    assert!(fields.len() <= 1, "{fields:?}");
    let field = fields.first()?.split('>').next().unwrap();
    assert!(field.contains(r#"type="hidden""#) && field.contains(r#"form="credentials""#), "{field}");
    Some(field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned())
}

/// As a browser sends a query that was written like this.
fn escaped(query: &str) -> String {
    query.replace('"', "%22").replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C")
}
