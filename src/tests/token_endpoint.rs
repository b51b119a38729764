//! `POST /token`: its parameters, its errors in the form of RFC 6749, and the grant `refresh_token`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::audiences::{ACCESS_TOKEN, EXCHANGE, plain, refused};
use crate::harness::{Answer, TestApp};

const MALFORMED: &str = "400 invalid_request Malformed request (invalid_request)";
const REFUSED: &str = "400 invalid_grant Grant refused (invalid_grant)";

impl TestApp {
    async fn refresh_at_token(&self, refresh_token: &str) -> Answer {
        self.post_form("/token", &format!("grant_type=refresh_token&refresh_token={refresh_token}")).await
    }
}

#[tokio::test]
async fn the_metadata_names_the_token_endpoint_and_its_grants() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "https://id.example.org")]).await;
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["token_endpoint"], "https://id.example.org/token");
    assert_eq!(metadata["grant_types_supported"], json!(["refresh_token", EXCHANGE]));
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(["none", "client_secret_basic"]));
}

#[tokio::test]
async fn parameters_that_are_missing_or_come_twice_or_ask_for_something_else_are_refused() {
    let app = TestApp::start().await;
    app.audience(plain("billing")).await;
    let token = app.somebody("ada").await;
    let subject = format!("subject_token={token}&subject_token_type={ACCESS_TOKEN}");
    let grant = format!("grant_type={EXCHANGE}");
    let right = format!("{grant}&{subject}&audience=billing");
    let target = "400 invalid_target Unknown audience (invalid_target)";
    let grant_type = "400 unsupported_grant_type Grant type not supported (unsupported_grant_type)";
    for (form, expected) in [
        (String::new(), MALFORMED),
        ("grant_type=".into(), MALFORMED),
        ("grant_type=password&username=ada&password=x".into(), grant_type),
        ("grant_type=client_credentials".into(), grant_type),
        ("grant_type=authorization_code&code=x".into(), grant_type),
        (format!("{right}&{grant}"), MALFORMED),
        (format!("{grant}&{subject}"), MALFORMED),
        (format!("{grant}&audience=billing&subject_token_type={ACCESS_TOKEN}"), MALFORMED),
        (format!("{grant}&audience=billing&subject_token={token}"), MALFORMED),
        (format!("{right}&subject_token={token}"), MALFORMED),
        (format!("{right}&scope=a&scope=b"), MALFORMED),
        (right.replace("token-type:access_token", "token-type:id_token"), MALFORMED),
        (right.replace("token-type:access_token", "token-type:refresh_token"), MALFORMED),
        (format!("{right}&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"), MALFORMED),
        (format!("{right}&requested_token_type=urn:ietf:params:oauth:token-type:saml2"), MALFORMED),
        (format!("{right}&actor_token={token}&actor_token_type={ACCESS_TOKEN}"), MALFORMED),
        (format!("{grant}&{subject}&audience=nobody"), target),
        (format!("{grant}&{subject}&audience=BILLING"), target),
        (format!("{grant}&{subject}&audience=%00"), target),
        (format!("{right}&audience=billing"), target),
        (format!("{right}&resource=https://billing.example.org"), target),
        ("grant_type=refresh_token".into(), MALFORMED),
        ("grant_type=refresh_token&refresh_token=".into(), MALFORMED),
        ("grant_type=refresh_token&refresh_token=x&refresh_token=x".into(), MALFORMED),
    ] {
        assert_eq!(refused(&app.post_form("/token", &form).await), expected, "{form}");
    }
    // Parameters that we do not know, and those without a value, do not matter.
    for more in ["&client_id=portal&foo=bar&foo=bar", "&resource=&actor_token=&scope=", "&requested_token_type="] {
        assert_eq!(app.post_form("/token", &format!("{right}{more}")).await.status, 200, "{more}");
    }
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let answer = app.post_form("/token", &format!("{right}&requested_token_type={jwt}")).await.json();
    assert_eq!(answer["issued_token_type"], jwt);
}

#[tokio::test]
async fn only_a_form_is_read_and_only_from_our_own_origin() {
    let app = TestApp::start().await;
    let json = app.post_json("/token", r#"{"grant_type":"refresh_token","refresh_token":"x"}"#).await;
    assert_eq!(refused(&json), "415 unsupported_media_type Unsupported media type (-)");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let foreign = app.send("POST", "/token", &[form, ("origin", "https://evil.example")], Some("grant_type=x")).await;
    assert_eq!(foreign.error(), "403 cross_site_request Cross-site request refused");
    let large = format!("grant_type=refresh_token&refresh_token={}", "x".repeat(20_000));
    assert_eq!(app.post_form("/token", &large).await.error(), "413 too_large Request too large");
}

#[tokio::test]
async fn a_client_need_not_identify_itself_and_one_that_does_sends_the_right_secret() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let client = app.client("portal").await;
    let form = |tokens: &crate::harness::Tokens| format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let tokens = app.tokens("ada").await;
    assert_eq!(app.as_client("POST", "/token", &client, &form(&tokens)).await.status, 200);
    let wrong = format!("Basic {}", STANDARD.encode("portal:wrong"));
    let headers = [("authorization", wrong.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let answer = app.send("POST", "/token", &headers, Some(&form(&tokens))).await;
    assert_eq!(refused(&answer), "401 invalid_client Client authentication failed (invalid_client)");
    assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="handstamp""#));
}

#[tokio::test]
async fn a_refresh_at_the_token_endpoint_is_a_refresh() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let first = app.tokens("ada").await;

    let answer = app.refresh_at_token(&first.refresh).await;

    let body = answer.json();
    for name in ["access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"] {
        assert!(!body[name].is_null(), "{name}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let second = answer.tokens();
    assert_eq!(app.protected(&second.access).await.status, 200);
    // Within the grace the same successor, by either door.
    assert_eq!(app.refresh_at_token(&first.refresh).await.tokens().refresh, second.refresh);
    assert_eq!(app.refresh(&first.refresh).await.tokens().refresh, second.refresh);

    // An older one was stolen, whatever door it comes to: the session ends.
    let third = app.refresh(&second.refresh).await.tokens();
    app.pass(Duration::from_secs(40));
    assert_eq!(app.protected(&third.access).await.status, 200);
    assert_eq!(refused(&app.refresh_at_token(&first.refresh).await), REFUSED);
    assert_eq!(app.protected(&third.access).await.error(), "401 token_revoked Token has been revoked");
    assert_eq!(refused(&app.refresh_at_token(&third.refresh).await), REFUSED);
    let events = app.sql("SELECT kind FROM security_events WHERE kind = 'refresh_token_reused'").await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn of_twenty_refreshes_at_once_by_both_doors_all_get_the_same_next_token() {
    let app = std::sync::Arc::new(TestApp::start().await);
    app.add_user("ada").await;
    let first = app.tokens("ada").await;
    let tries = (0..20).map(|number| {
        let (app, refresh) = (std::sync::Arc::clone(&app), first.refresh.clone());
        tokio::spawn(async move {
            let answer =
                if number % 2 == 0 { app.refresh_at_token(&refresh).await } else { app.refresh(&refresh).await };
            answer.tokens().refresh
        })
    });
    let mut next: Vec<_> = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        next.push(one.await.unwrap());
    }
    next.dedup();
    assert_eq!(next.len(), 1);
}

#[tokio::test]
async fn a_refresh_token_that_is_not_good_gets_the_answer_of_the_rfc() {
    let app = TestApp::start().await;
    app.add_user("ada").await;
    let (ended, expired, access) = (app.tokens("ada").await, app.tokens("ada").await, app.login("ada").await);
    app.logout(&ended.access).await;
    for bad in [&ended.refresh, "x", "hs_rt_x", &access] {
        assert_eq!(refused(&app.refresh_at_token(bad).await), REFUSED, "{bad}");
    }
    app.pass(Duration::from_hours(31 * 24));
    assert_eq!(refused(&app.refresh_at_token(&expired.refresh).await), REFUSED);
}
