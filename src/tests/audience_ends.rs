//! How a token for another audience ends: with its session, with the token that it came from, by a revocation.

use std::time::Duration;

use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::flows::{self, Actor, Target};
use serde_json::{Value, json};

use crate::algorithms::{forge, with_key_file};
use crate::audiences::{REFUSED, refused, shaped};
use crate::harness::{TestApp, part};

const INACTIVE: &str = r#"{"active":false}"#;

#[tokio::test]
async fn an_exchanged_token_ends_with_its_session_however_that_ends() {
    let app = TestApp::start().await;
    app.audience(shaped("mail")).await;
    app.add_administrator("root").await;
    app.add_user("ada").await;
    let client = app.client("mail").await;
    let (other, mut follower) = app.another_process().await;
    for end in ["sign-out", "by a refresh token", "roles", "disabled"] {
        let tokens = app.tokens("ada").await;
        let stamp = app.stamp(&tokens.access, "mail").await;
        assert_eq!(app.facts(&client, &stamp).await.json()["active"], true, "{end}");
        let target = Target::Name("ada");
        match end {
            "sign-out" => assert_eq!(app.logout(&tokens.access).await.status, 200),
            "by a refresh token" => {
                let form = format!("token={}", tokens.refresh);
                assert_eq!(app.post_form("/revoke", &form).await.status, 200);
            }
            "roles" => assert!(flows::set_admin(&app.state, target, true, &Actor::Operator).await.is_ok()),
            _ => assert!(flows::disable_user(&app.state, target, &Actor::Operator).await.is_ok()),
        }
        assert_eq!(app.facts(&client, &stamp).await.body, INACTIVE, "{end}");
        assert_eq!(refused(&app.exchange(&tokens.access, "mail").await), REFUSED, "{end}");
        // Services that follow the blocklist are told of the session, for as long as the token would live.
        let told = app.revocations(&client, "", &[]).await.json();
        let claims = part(&stamp, 1);
        let entry = told["entries"].as_array().unwrap().iter().find(|entry| entry["sid"] == claims["sid"]).unwrap();
        assert!(entry["exp"].as_i64() > claims["exp"].as_i64(), "{end}");
        // Another process knows it too.
        follower.catch_up(&other).await.unwrap();
        assert!(flows::introspect_token(&other, &stamp).await.is_err(), "{end}");
        let refused = flows::exchange(&other, &tokens.access, "mail", None).await;
        assert!(refused.is_err(), "{end}");
    }
}

#[tokio::test]
async fn an_exchanged_token_never_lives_longer_than_the_one_it_came_from() {
    let app = TestApp::start_with(&[("JWT_LEEWAY", "30s")]).await;
    app.audience(shaped("mail")).await;
    let (client, token) = (app.client("mail").await, app.somebody("ada").await);
    app.pass(Duration::from_secs(299));
    let answer = app.exchange(&token, "mail").await.json();
    assert_eq!(answer["expires_in"], 1);
    let stamp = answer["access_token"].as_str().unwrap();
    // Within the leeway our doors accept the token, but there is no life left to give.
    app.pass(Duration::from_secs(1));
    assert_eq!(app.protected(&token).await.status, 200);
    assert_eq!(refused(&app.exchange(&token, "mail").await), REFUSED);
    app.pass(Duration::from_secs(30));
    assert_eq!(refused(&app.exchange(&token, "mail").await), REFUSED);
    assert_eq!(app.facts(&client, stamp).await.body, INACTIVE);
}

#[tokio::test]
async fn introspection_shows_what_the_exchanged_token_says() {
    let app = TestApp::start().await;
    app.audience(shaped("mail")).await;
    let (client, token) = (app.client("mail").await, app.somebody("ada").await);
    let stamp = app.stamp(&token, "mail").await;
    let (facts, claims) = (app.facts(&client, &stamp).await.json(), part(&stamp, 1));
    assert_eq!((&facts["active"], &facts["token_type"]), (&json!(true), &json!("Bearer")));
    let names = ["iss", "aud", "sub", "username", "sid", "jti", "iat", "nbf", "exp", "roles", "tenant", "scope"];
    let names = names.into_iter().chain(["amr", "auth_time", "acr"]).collect::<Vec<_>>();
    for name in &names {
        assert_eq!(facts[*name], claims[*name], "{name}");
    }
    assert_eq!(facts.as_object().unwrap().len(), names.len() + 2);
    app.pass_unheard(Duration::from_secs(2));
    assert_eq!(app.facts(&client, &stamp).await.status, 503);
}

#[tokio::test]
async fn a_revocation_ends_one_token_and_neither_its_session_nor_what_it_was_exchanged_for() {
    let app = TestApp::start().await;
    app.audience(shaped("mail")).await;
    let (client, token) = (app.client("mail").await, app.somebody("ada").await);
    let (one, two) = (app.stamp(&token, "mail").await, app.stamp(&token, "mail").await);

    assert_eq!(app.post_form("/revoke", &format!("token={one}")).await.status, 200);
    assert_eq!(app.facts(&client, &one).await.body, INACTIVE);
    let told = app.revocations(&client, "", &[]).await.json();
    assert_eq!(told["entries"][0]["jti"], part(&one, 1)["jti"], "{told}");
    for good in [&two, &token] {
        assert_eq!(app.facts(&client, good).await.json()["active"], true);
    }

    // A token that was revoked is exchanged no more. What it was exchanged for lives on, for no longer than it would have.
    assert_eq!(app.post_form("/revoke", &format!("token={token}")).await.status, 200);
    assert_eq!(refused(&app.exchange(&token, "mail").await), REFUSED);
    assert_eq!(app.facts(&client, &two).await.json()["active"], true);
    assert!(part(&two, 1)["exp"].as_i64() <= part(&token, 1)["exp"].as_i64());

    // And after a crash.
    let app = app.restart().await;
    assert_eq!(app.facts(&client, &one).await.body, INACTIVE);
    assert_eq!(app.facts(&client, &two).await.json()["active"], true);
}

#[tokio::test]
async fn a_token_of_a_purged_time_is_good_only_if_it_was_issued_after_the_purge() {
    let app = TestApp::start().await;
    app.audience(shaped("mail")).await;
    let (client, token) = (app.client("mail").await, app.somebody("ada").await);
    let before = app.stamp(&token, "mail").await;
    app.state.past_purge.purge(app.state.world.now().plus(Duration::from_hours(2)));
    let token = app.login("ada").await;
    let after = app.stamp(&token, "mail").await;
    assert_eq!(app.facts(&client, &before).await.body, INACTIVE);
    assert_eq!(app.facts(&client, &after).await.json()["active"], true);
}

#[tokio::test]
async fn a_token_with_a_right_signature_is_active_only_in_the_form_of_an_audience() {
    let folder = tempfile::tempdir().unwrap();
    let (app, key) = with_key_file(folder.path(), Algorithm::ES256).await;
    app.audience(shaped("mail")).await;
    let (client, token) = (app.client("mail").await, app.somebody("ada").await);
    let stamp = app.stamp(&token, "mail").await;
    let (header, claims) = (part(&stamp, 0), part(&stamp, 1));
    let own = part(&token, 1);
    assert_eq!(app.facts(&client, &forge(&key, &header, &claims)).await.json()["active"], true, "the control");
    let typ = |typ: Value| json!({ "alg": header["alg"], "kid": header["kid"], "typ": typ });
    for typ in [typ(json!("at+jwt")), typ(json!("jwt")), typ(Value::Null)] {
        assert_eq!(app.facts(&client, &forge(&key, &typ, &claims)).await.body, INACTIVE, "{typ}");
    }
    // One of our own tokens with the header of others.
    assert_eq!(app.facts(&client, &forge(&key, &header, &own)).await.body, INACTIVE);
    for (name, value) in [
        ("aud", json!("https://mail.example.com")),
        ("aud", json!("mail")),
        ("aud", json!("handstamp")),
        ("aud", json!(["https://mail.example.org"])),
        ("iss", json!("https://evil.example")),
        ("sub", json!("root")),
        ("sub", own["sub"].clone()),
        ("sub", Value::Null),
        ("sid", json!("x")),
        ("jti", json!("")),
        ("type", json!("refresh")),
        ("exp", json!(own["exp"].as_i64().unwrap() + 1)),
        ("iat", json!(own["iat"].as_i64().unwrap() + 1)),
    ] {
        let mut claims = claims.clone();
        claims[name] = value.clone();
        assert_eq!(app.facts(&client, &forge(&key, &header, &claims)).await.body, INACTIVE, "{name} {value}");
    }
}
