//! The claim `client_id`, which strict validators of RFC 9068 demand: `make interop` runs three of them.

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::flows;
use serde_json::{Value, json};

use crate::algorithms::{forge, with_key_file};
use crate::harness::{TestApp, bearer, part};

async fn client_id_with(setting: &[(&str, &str)]) -> Value {
    let app = TestApp::start_with(setting).await;
    part(&app.somebody("ada").await, 1)["client_id"].clone()
}

#[tokio::test]
async fn an_access_token_names_the_client_of_the_setting_and_none_if_that_is_empty() {
    assert_eq!(client_id_with(&[]).await, "handstamp");
    assert_eq!(client_id_with(&[("JWT_CLIENT_ID", "intranet portal")]).await, "intranet portal");
    assert_eq!(client_id_with(&[("JWT_CLIENT_ID", "")]).await, Value::Null);
}

#[tokio::test]
async fn a_token_stays_good_and_keeps_its_client_when_the_setting_changes() {
    let [none, ours, other] =
        [[("JWT_CLIENT_ID", "")], [("JWT_CLIENT_ID", "handstamp")], [("JWT_CLIENT_ID", "portal")]];
    for (issued_with, named) in [(none, None), (other, Some("portal"))] {
        let app = TestApp::start_with(&issued_with).await;
        let token = app.somebody("ada").await;
        let later = app.start_another_with(&ours).await.unwrap();
        let user = flows::authenticate(&later, [bearer(&token).as_bytes()]).unwrap();
        assert_eq!(user.client_id.as_deref(), named);
    }
}

#[tokio::test]
async fn introspection_names_the_client_of_the_token_or_none() {
    for (setting, named) in [("handstamp", json!("handstamp")), ("", Value::Null)] {
        let app = TestApp::start_with(&[("JWT_CLIENT_ID", setting)]).await;
        let (client, token) = (app.client("billing").await, app.somebody("ada").await);
        let facts = app.as_client("POST", "/introspect", &client, &format!("token={token}")).await.json();
        assert_eq!((&facts["active"], &facts["client_id"]), (&json!(true), &named));
        assert_eq!(facts.as_object().unwrap().contains_key("client_id"), !named.is_null());
    }
}

#[tokio::test]
async fn a_client_id_that_is_no_text_or_comes_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (app, key) = with_key_file(folder.path(), Algorithm::ES256).await;
    let token = app.somebody("ada").await;
    let (header, honest) = (part(&token, 0), part(&token, 1));
    assert_eq!(app.protected(&forge(&key, &header, &honest)).await.status, 200, "the control");
    for value in [json!(1), json!(null), json!(["handstamp"]), json!({"id": "handstamp"})] {
        let mut claims = honest.clone();
        claims["client_id"] = value.clone();
        let refused = app.protected(&forge(&key, &header, &claims)).await;
        assert_eq!(refused.error(), "401 invalid_token Invalid token", "{value}");
    }
}

#[tokio::test]
async fn a_scope_comes_from_the_additional_claims_and_a_client_id_does_not() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", r#"{"scope":"read write"}"#)]).await;
    let token = app.somebody("ada").await;
    assert_eq!(part(&token, 1)["scope"], "read write");
    let (client, facts) = (app.client("billing").await, format!("token={token}"));
    let facts = app.as_client("POST", "/introspect", &client, &facts).await.json();
    assert_eq!((&facts["scope"], &facts["client_id"]), (&json!("read write"), &json!("handstamp")));
    // That `client_id` is refused there says `additional_claims.rs`, as of every reserved name.
}
