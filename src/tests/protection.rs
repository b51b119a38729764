//! The four kinds of protection, as the README shows them: each on a route of its own, over HTTP.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use handstamp::server::domain::user::Roles;
use handstamp::server::flows::{self, CurrentUser};
use handstamp::server::http::{self, Admin, FreshUser, Limits, RequiredRole, WithRole};
use tokio::net::TcpListener;

use crate::harness::{Answer, PASSWORD, TestApp, bearer, send_to};

struct Editor;

impl RequiredRole for Editor {
    const NAME: &'static str = "editor";
}

async fn anybody(user: Option<CurrentUser>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |user| user.username.clone())
}

async fn signed_in(user: CurrentUser) -> String {
    user.username.clone()
}

async fn fresh(user: FreshUser) -> String {
    user.username.clone()
}

async fn admin(user: WithRole<Admin>) -> String {
    user.username.clone()
}

async fn editor(user: WithRole<Editor>) -> String {
    user.username.clone()
}

/// The app, and a second server with those routes, which shares its state.
struct WithRoutes {
    app: TestApp,
    origin: String,
}

async fn with_routes(settings: &[(&str, &str)]) -> WithRoutes {
    let app = TestApp::start_with(settings).await;
    let router = Router::new()
        .route("/anybody", get(anybody))
        .route("/signed-in", get(signed_in))
        .route("/fresh", get(fresh))
        .route("/admin", get(admin))
        .route("/editor", get(editor))
        .with_state(app.state.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(http::serve(listener, router, Limits::default(), std::future::pending()));
    WithRoutes { app, origin }
}

impl WithRoutes {
    async fn ask(&self, path: &str, token: &str) -> Answer {
        send_to(&self.origin, "GET", path, &[("authorization", &bearer(token))], None).await
    }

    async fn ask_as_stranger(&self, path: &str) -> Answer {
        send_to(&self.origin, "GET", path, &[], None).await
    }
}

#[tokio::test]
async fn optional_protection_knows_nobody_from_somebody_and_refuses_a_bad_token() {
    let with = with_routes(&[]).await;
    let token = with.app.somebody("ada").await;

    assert_eq!(with.ask_as_stranger("/anybody").await.body, "nobody");
    assert_eq!(with.ask("/anybody", &token).await.body, "ada");
    with.app.logout(&token).await;
    assert_eq!(with.ask("/anybody", &token).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!(with.ask("/anybody", "a.b.c").await.error(), "401 invalid_token Invalid token");
    let missing = with.ask_as_stranger("/signed-in").await;
    assert_eq!(missing.error(), "401 missing_token Missing Authorization Header");
}

#[tokio::test]
async fn fresh_protection_wants_a_password_that_was_typed_a_moment_ago() {
    let with = with_routes(&[("FRESH_FOR", "5m"), ("JWT_ACCESS_TOKEN_EXPIRES", "60m")]).await;
    let token = with.app.somebody("ada").await;
    assert_eq!(with.ask("/fresh", &token).await.body, "ada");
    with.app.pass(Duration::from_secs(299));
    assert_eq!(with.ask("/fresh", &token).await.status, 200);

    with.app.pass(Duration::from_secs(1));

    let stale = with.ask("/fresh", &token).await;
    assert_eq!(stale.error(), "401 fresh_token_required Fresh token required");
    assert_eq!(stale.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    assert_eq!(with.ask("/signed-in", &token).await.body, "ada");
    assert_eq!(with.ask("/fresh", &with.app.login("ada").await).await.body, "ada");
}

#[tokio::test]
async fn a_role_opens_its_own_doors() {
    let with = with_routes(&[("ADDITIONAL_CLAIMS", r#"{"roles":["editor"]}"#)]).await;
    let ada = with.app.somebody("ada").await;
    flows::add_user(&with.app.state, "root", PASSWORD.into(), Roles::admin()).await.unwrap();
    let root = with.app.login("root").await;

    assert_eq!(with.ask("/admin", &root).await.body, "root");
    let refused = with.ask("/admin", &ada).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("insufficient_scope")));
    assert_eq!(refused.json()["msg"], "Insufficient scope");
    assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer error="insufficient_scope""#));
    for token in [&ada, &root] {
        assert_eq!(with.ask("/editor", token).await.status, 200);
    }
}
