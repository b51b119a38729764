//! The six kinds of protection that `docs/extending.md` shows: each on a route of its own, over HTTP. And the calls for
//! server functions.

use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::http::header::AUTHORIZATION;
use axum::routing::get;
use handstamp::api_types::ApiError;
use handstamp::server::domain::user::Roles;
use handstamp::server::flows::{self, CurrentUser, EndingSession};
use handstamp::server::http::{self, Admin, FreshUser, RequiredRole, WithFactor, WithRole};
use leptos::prelude::{Owner, provide_context};
use tokio::net::TcpListener;

use crate::harness::{Answer, PASSWORD, TestApp, bearer, part, send_to};

const INVALID: &str = "401 invalid_token Invalid token";
const MISSING: &str = "401 missing_token Missing Authorization Header";
const REVOKED: &str = "401 token_revoked Token has been revoked";

struct Editor;

impl RequiredRole for Editor {
    const NAME: &'static str = "editor";
}

async fn anyone(user: Option<CurrentUser>) -> String {
    user.map_or_else(|| "no user".to_owned(), |user| user.username.clone())
}

async fn signed_in(user: CurrentUser) -> String {
    user.username.clone()
}

async fn fresh(user: FreshUser) -> String {
    user.username.clone()
}

async fn with_factor(user: WithFactor) -> String {
    user.username.clone()
}

async fn admin(user: WithRole<Admin>) -> String {
    user.username.clone()
}

async fn ending(session: EndingSession) -> String {
    session.id.to_string()
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
        .route("/anyone", get(anyone))
        .route("/signed-in", get(signed_in))
        .route("/fresh", get(fresh))
        .route("/with-factor", get(with_factor))
        .route("/admin", get(admin))
        .route("/ending", get(ending))
        .route("/editor", get(editor))
        .with_state(app.state.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    WithRoutes { app, origin }
}

/// Runs `call` inside a server function for a request with this token.
fn in_server_function<T>(app: &TestApp, token: Option<&str>, call: impl FnOnce() -> T) -> T {
    let mut request = Request::new(());
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, bearer(token).parse().unwrap());
    }
    let (parts, ()) = request.into_parts();
    // The contexts of Leptos, and our own.
    Owner::new().with(|| {
        provide_context(parts);
        provide_context(app.state.clone());
        call()
    })
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
async fn optional_protection_works_with_and_without_a_user_and_rejects_a_bad_token() {
    let with = with_routes(&[]).await;
    let token = with.app.somebody("ada").await;

    assert_eq!(with.ask_as_stranger("/anyone").await.body, "no user");
    assert_eq!(with.ask("/anyone", &token).await.body, "ada");
    with.app.logout(&token).await;
    assert_eq!(with.ask("/anyone", &token).await.error(), REVOKED);
    assert_eq!(with.ask("/anyone", "a.b.c").await.error(), INVALID);
    assert_eq!(with.ask_as_stranger("/signed-in").await.error(), MISSING);
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
async fn factor_protection_wants_two_factors_and_says_so_in_the_words_of_rfc_9470() {
    let with = with_routes(&[]).await;
    let (one, two) = (with.app.somebody("ada").await, with.app.with_two_factors("grace").await);

    let refused = with.ask("/with-factor", &one).await;
    let words = "401 insufficient_user_authentication A stronger or a more recent sign-in is required";
    assert_eq!(refused.error(), words);
    let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="aal2""#;
    assert_eq!(refused.header("www-authenticate"), Some(challenge));
    assert_eq!(with.ask("/with-factor", &two).await.body, "grace");
    let called = |token: &str| in_server_function(&with.app, Some(token), http::user_with_factor);
    assert_eq!(called(&two).unwrap().username, "grace");
    assert!(matches!(called(&one), Err(ApiError::InsufficientUserAuthentication { .. })));
    assert_eq!(with.ask_as_stranger("/with-factor").await.error(), MISSING);
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

#[tokio::test]
async fn an_access_or_refresh_token_of_any_age_ends_its_session() {
    let with = with_routes(&[]).await;
    with.app.add_user("ada").await;
    let tokens = with.app.tokens("ada").await;
    let session = part(&tokens.access, 1)["sid"].as_str().unwrap().to_owned();

    for _ in 0..2 {
        for token in [&tokens.access, &tokens.refresh] {
            assert_eq!(with.ask("/ending", token).await.body, session);
            let called = in_server_function(&with.app, Some(token), http::session_to_end);
            assert_eq!(called.unwrap().id.to_string(), session);
        }
        // And again when both have expired: ending a session is always possible.
        with.app.pass(Duration::from_hours(24 * 30));
    }
    with.app.logout(&tokens.access).await;
    assert_eq!(with.ask("/ending", &tokens.access).await.body, session, "twice is no error");

    assert_eq!(with.ask_as_stranger("/ending").await.error(), MISSING);
    for bad in ["a.b.c", "hs_rt_x", &tokens.refresh[..tokens.refresh.len() - 1]] {
        assert_eq!(with.ask("/ending", bad).await.error(), INVALID, "{bad}");
        let called = in_server_function(&with.app, Some(bad), http::session_to_end);
        assert_eq!(called.err(), Some(ApiError::InvalidToken), "{bad}");
    }
    let called = in_server_function(&with.app, None, http::session_to_end);
    assert_eq!(called.err(), Some(ApiError::MissingToken));
    // A refresh token does nothing else.
    let refresh = with.app.tokens("ada").await.refresh;
    for path in ["/anyone", "/signed-in", "/fresh"] {
        assert_eq!(with.ask(path, &refresh).await.error(), INVALID, "{path}");
    }
}

#[tokio::test]
async fn a_public_server_function_works_with_and_without_a_user_and_rejects_a_bad_token() {
    let app = TestApp::start().await;
    let (token, ended) = (app.somebody("ada").await, app.login("ada").await);
    app.logout(&ended).await;
    let called = |token: Option<&str>| {
        let user = in_server_function(&app, token, http::current_user_if_any);
        user.map(|user| user.map(|user| user.username.clone()))
    };

    assert_eq!(called(None), Ok(None));
    assert_eq!(called(Some(&token)), Ok(Some("ada".to_owned())));
    assert_eq!(called(Some("a.b.c")), Err(ApiError::InvalidToken));
    assert_eq!(called(Some(&ended)), Err(ApiError::TokenRevoked));
    app.pass(Duration::from_hours(1));
    assert_eq!(called(Some(&token)), Err(ApiError::TokenExpired));
}
