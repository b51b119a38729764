//! Additional claims of the operator and of a flow. They cannot replace our own claims.

use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::flows::{self, NewSession, SignInStep};
use secrecy::ExposeSecret as _;

use crate::harness::{PASSWORD, TestApp, part};

const SETTING: &str = r#"{"tenant":"north","plan":{"seats":5},"roles":["member"]}"#;

#[tokio::test]
async fn the_setting_adds_claims_to_every_token_and_they_can_be_read_again() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", SETTING)]).await;
    let token = app.somebody("ada").await;

    let claims = part(&token, 1);
    assert_eq!((&claims["tenant"], &claims["plan"]["seats"]), (&"north".into(), &5.into()));
    assert_eq!(claims["roles"], serde_json::json!(["member"]));
    let user = flows::authenticate(&app.state, [crate::harness::bearer(&token).as_bytes()]).unwrap();
    assert_eq!(user.additional["tenant"], "north");
    assert_eq!(user.roles, ["member"]);
    assert_eq!(app.protected(&token).await.status, 200);
}

#[tokio::test]
async fn a_flow_adds_claims_to_the_tokens_of_one_session() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", SETTING)]).await;
    app.add_user("ada").await;
    let more = AdditionalClaims::parse(r#"{"tenant":"south","team":7,"roles":["editor"]}"#).unwrap();

    let new = NewSession { additional: more, ..NewSession::default() };
    let SignInStep::Done(signed_in) = flows::login(&app.state, "ada", PASSWORD.into(), new).await.unwrap() else {
        panic!("no second factor");
    };

    let claims = part(&signed_in.access_token, 1);
    assert_eq!((&claims["tenant"], &claims["team"]), (&"south".into(), &7.into()));
    assert_eq!(claims["roles"], serde_json::json!(["member", "editor"]));
    assert_eq!(app.protected(&signed_in.access_token).await.status, 200);
    let refreshed =
        flows::refresh(&app.state, signed_in.refresh_token.expose_secret(), flows::Receiver::Machine).await.unwrap();
    assert_eq!(part(&refreshed.access_token, 1)["team"], 7);
    assert_eq!(part(&app.login("ada").await, 1)["tenant"], "north");
}

#[tokio::test]
async fn a_token_keeps_its_claims_when_the_setting_is_gone() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", SETTING)]).await;
    let token = app.somebody("ada").await;
    let state = app.start_another_with(&[("ADDITIONAL_CLAIMS", "")]).await.unwrap();
    let user = flows::authenticate(&state, [crate::harness::bearer(&token).as_bytes()]).unwrap();
    assert_eq!(user.additional["tenant"], "north");
}
