//! What a proxy demands of the sign-in at `/forward-auth` (RFC 9470).

use std::time::Duration;

use crate::forward_auth::GATE;
use crate::harness::{Answer, TestApp, bearer, part};

const NAVIGATION: (&str, &str) = ("accept", "text/html");
const ASKED: (&str, &str) = ("x-original-url", "https://app.example.org/payroll");

impl TestApp {
    /// A user's access token, as after a sign-in with a password and a code.
    pub async fn with_two_factors(&self, name: &str) -> String {
        self.add_user(name).await;
        let first = self.tokens(name).await;
        let id = part(&first.access, 1)["sid"].as_str().unwrap().to_owned();
        self.execute(&format!("UPDATE sessions SET methods = 'pwd otp mfa' WHERE id = '{id}'")).await;
        self.refresh(&first.refresh).await.tokens().access
    }
}

async fn ask(app: &TestApp, query: &str, token: &str, more: &[(&str, &str)]) -> Answer {
    let bearer = bearer(token);
    let headers: Vec<_> = [("authorization", bearer.as_str()), ASKED].into_iter().chain(more.iter().copied()).collect();
    app.send("GET", &format!("/forward-auth{query}"), &headers, None).await
}

#[tokio::test]
async fn an_application_may_demand_a_second_factor() {
    let app = TestApp::start_with(&GATE).await;
    let (one, two) = (app.somebody("ada").await, app.with_two_factors("grace").await);
    assert_eq!(part(&two, 1)["acr"], "aal2");
    for query in ["", "?acr_values=aal1", "?acr_values=aal1%20aal2"] {
        assert_eq!(ask(&app, query, &one, &[]).await.status, 200, "{query}");
    }
    assert_eq!(ask(&app, "?acr_values=aal2", &two, &[]).await.status, 200);

    let refused = ask(&app, "?acr_values=aal2", &one, &[]).await;
    assert_eq!((refused.status, refused.header("remote-user")), (401, None));
    let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="aal2""#;
    assert_eq!(refused.header("www-authenticate"), Some(challenge));
    assert_eq!(ask(&app, "?acr_values=aal2&redirect=no", &one, &[NAVIGATION]).await.status, 401);
    // A browser is led to the page where its user adds one.
    let led = ask(&app, "?acr_values=aal2", &one, &[NAVIGATION]).await;
    assert_eq!((led.status, led.header("location")), (302, Some("https://id.example.org/account")));
}

#[tokio::test]
async fn an_application_may_demand_a_recent_sign_in() {
    let app = TestApp::start_with(&GATE).await;
    let token = app.somebody("ada").await;
    assert_eq!(ask(&app, "?max_age=60", &token, &[]).await.status, 200);
    app.pass(Duration::from_secs(61));

    let refused = ask(&app, "?max_age=60", &token, &[]).await;
    let challenge = r#"Bearer error="insufficient_user_authentication", max_age="60""#;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some(challenge)));
    assert_eq!(ask(&app, "?max_age=61", &token, &[]).await.status, 200);
    let led = ask(&app, "?max_age=60", &token, &[NAVIGATION]).await;
    let form = "https://id.example.org/login?next=https%3A%2F%2Fapp.example.org%2Fpayroll";
    assert_eq!((led.status, led.header("location")), (302, Some(form)));
}

#[tokio::test]
async fn a_demand_that_is_not_understood_lets_nobody_in() {
    let app = TestApp::start_with(&GATE).await;
    let token = app.with_two_factors("ada").await;
    for query in [
        "?acr_values=",
        "?acr_values=aal3",
        "?acr_values=aal2%20gold",
        "?acr_values=aal1&acr_values=aal2",
        "?max_age=",
        "?max_age=-1",
        "?max_age=1&max_age=2",
    ] {
        assert_eq!(ask(&app, query, &token, &[]).await.error(), "400 invalid_request Malformed request", "{query}");
    }
}
