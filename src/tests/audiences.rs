//! Tokens for other audiences (RFC 8693): their form, and who gets them. `audience_ends.rs` has how they end.

use std::time::Duration;

use handstamp::server::domain::algorithm::{Algorithm, Family};
use handstamp::server::domain::audience::AudienceTexts;
use handstamp::server::flows::{self, Actor, ManageAudienceError, Target};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, SECRET, TestApp, bearer, part};

pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const REFUSED: &str = "400 invalid_grant Grant refused (invalid_request)";
const UNKNOWN: &str = "400 invalid_target Unknown audience (invalid_target)";

/// An audience without options, as the command line makes it.
pub fn plain(name: &str) -> AudienceTexts {
    AudienceTexts {
        name: name.into(),
        aud: name.into(),
        typ: "at+jwt".into(),
        subject: "id".into(),
        claims: "{}".into(),
        ..AudienceTexts::default()
    }
}

/// As Dovecot and others need it.
pub fn shaped(name: &str) -> AudienceTexts {
    AudienceTexts {
        aud: "https://mail.example.org".into(),
        typ: "JWT".into(),
        subject: "username".into(),
        client_id: Some(String::new()),
        claims: r#"{"tenant":"south","roles":["mail"]}"#.into(),
        scope: "mail.read mail.send".into(),
        lifetime: Some(60),
        ..plain(name)
    }
}

impl TestApp {
    pub async fn audience(&self, texts: AudienceTexts) {
        flows::add_audience(&self.state, texts).await.unwrap();
    }

    pub async fn exchange(&self, subject: &str, audience: &str) -> Answer {
        self.exchange_with(subject, audience, "").await
    }

    async fn exchange_with(&self, subject: &str, audience: &str, more: &str) -> Answer {
        let form = format!(
            "grant_type={EXCHANGE}&subject_token={subject}&subject_token_type={ACCESS_TOKEN}&audience={audience}{more}"
        );
        self.post_form("/token", &form).await
    }

    pub async fn stamp(&self, subject: &str, audience: &str) -> String {
        let answer = self.exchange(subject, audience).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn facts(&self, client: &Client, token: &str) -> Answer {
        self.as_client("POST", "/introspect", client, &format!("token={token}")).await
    }
}

/// Status, code and sentence of an error of `/token`, and the RFC's value.
pub fn refused(answer: &Answer) -> String {
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap_or("-").to_owned();
    format!("{} {} {} ({})", answer.status, text("code"), text("msg"), text("error"))
}

#[tokio::test]
async fn an_exchanged_token_is_of_the_same_user_and_session_and_has_its_own_id_and_audience() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", r#"{"tenant":"north","roles":["member"]}"#)]).await;
    app.audience(plain("billing")).await;
    let token = app.somebody("ada").await;
    app.pass(Duration::from_secs(100));

    let answer = app.exchange(&token, "billing").await;

    let body = answer.json();
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(200)));
    assert_eq!(body.as_object().unwrap().len(), 4);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let stamp = body["access_token"].as_str().unwrap();
    assert_eq!(part(stamp, 0), part(&token, 0), "the same header");
    let (claims, subject) = (part(stamp, 1), part(&token, 1));
    assert_eq!(claims["aud"], "billing");
    assert_eq!(claims["iat"], json!(subject["iat"].as_i64().unwrap() + 100));
    assert_eq!(claims["iat"], claims["nbf"]);
    assert_ne!(claims["jti"], subject["jti"]);
    let same = ["iss", "sub", "username", "client_id", "sid", "exp", "type", "fresh", "roles", "tenant"];
    let same: Vec<_> = same.into_iter().chain(["amr", "auth_time", "acr"]).collect();
    for name in &same {
        assert_eq!(claims[*name], subject[*name], "{name}");
    }
    assert_eq!(claims.as_object().unwrap().len(), same.len() + 4);
}

#[tokio::test]
async fn an_audience_decides_the_form_of_its_tokens() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", r#"{"tenant":"north","scope":"all","floor":2}"#)]).await;
    app.audience(shaped("mail")).await;
    app.audience(AudienceTexts { client_id: Some("the portal".into()), ..plain("portal") }).await;
    let token = app.somebody("ada").await;

    let answer = app.exchange(&token, "mail").await.json();

    assert_eq!((&answer["expires_in"], &answer["scope"]), (&json!(60), &json!("mail.read mail.send")));
    let stamp = answer["access_token"].as_str().unwrap();
    assert_eq!(part(stamp, 0)["typ"], "JWT");
    let claims = part(stamp, 1);
    for (name, value) in [
        ("aud", json!("https://mail.example.org")),
        ("sub", json!("ada")),
        ("client_id", Value::Null),
        ("tenant", json!("south")),
        ("floor", json!(2)),
        ("scope", json!("mail.read mail.send")),
        ("roles", json!(["mail"])),
        ("exp", json!(claims["iat"].as_i64().unwrap() + 60)),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(part(&app.stamp(&token, "portal").await, 1)["client_id"], "the portal");
    // It has the scope of the access token, and the answer says so.
    assert_eq!(app.exchange(&token, "portal").await.json()["scope"], "all");
}

#[tokio::test]
async fn another_library_accepts_an_exchanged_token_with_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm.name())]).await;
        app.audience(shaped("mail")).await;
        let stamp = app.stamp(&app.somebody("ada").await, "mail").await;
        let header = jsonwebtoken::decode_header(&stamp).unwrap();
        let key = if algorithm.family() == Family::Secret {
            DecodingKey::from_secret(SECRET.as_bytes())
        } else {
            let keys: JwkSet = serde_json::from_str(&app.get("/.well-known/jwks.json").await.body).unwrap();
            DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap()
        };
        let mut rules = Validation::new(algorithm.name().parse().unwrap());
        rules.set_audience(&["https://mail.example.org"]);
        rules.set_issuer(&[&app.state.config.jwt_issuer]);
        // The clock of the specs is another.
        rules.validate_exp = false;
        #[expect(clippy::disallowed_methods, reason = "a second opinion")]
        let claims = jsonwebtoken::decode::<Value>(&stamp, &key, &rules).unwrap().claims;
        assert_eq!(claims["sub"], "ada", "{algorithm}");
    }
}

#[tokio::test]
async fn our_own_doors_refuse_an_exchanged_token_and_it_ends_no_session() {
    let app = TestApp::start().await;
    app.audience(shaped("mail")).await;
    app.audience(plain("billing")).await;
    let token = app.somebody("ada").await;
    for audience in ["mail", "billing"] {
        let stamp = app.stamp(&token, audience).await;
        let authorization = bearer(&stamp);
        for (method, path) in [
            ("GET", "/protected"),
            ("GET", "/me"),
            ("GET", "/sessions"),
            ("DELETE", "/sessions"),
            ("DELETE", "/logout"),
            ("POST", "/logout"),
            ("POST", "/refresh"),
        ] {
            let answer = app.send(method, path, &[("authorization", &authorization)], None).await;
            assert_eq!(answer.error(), "401 invalid_token Invalid token", "{method} {path} {audience}");
        }
        for function in ["greeting", "logout", "end-other-sessions"] {
            let answer = app.call(function, Some(&stamp), "").await;
            assert!([401, 405].contains(&answer.status), "{function}: {answer:?}");
        }
        // Nor does it become another one.
        assert_eq!(refused(&app.exchange(&stamp, "billing").await), REFUSED, "{audience}");
        assert_eq!(app.protected(&token).await.status, 200, "the session lives");
    }
}

#[tokio::test]
async fn only_a_token_that_opens_our_own_doors_is_exchanged() {
    let app = TestApp::start().await;
    app.audience(plain("billing")).await;
    let tokens = {
        app.add_user("ada").await;
        app.tokens("ada").await
    };
    let stranger = TestApp::start_with(&[("JWT_SECRET", "the secret of quite another server, as long")]).await;
    let foreign = stranger.somebody("ada").await;
    let lesson = app.get("/sign-token").await.json()["token"].as_str().unwrap().to_owned();
    let bent = format!("{}x", &tokens.access[..tokens.access.len() - 1]);
    let too_long = "a".repeat(5000);
    for bad in [&foreign, &lesson, &bent, &tokens.refresh, &too_long, "x", "a.b.c", "%00"] {
        assert_eq!(refused(&app.exchange(bad, "billing").await), REFUSED, "{bad}");
    }
    // A refused token gets the same answer whether the audience is there or not.
    assert_eq!(refused(&app.exchange(&bent, "nothing").await), REFUSED);
    app.pass_unheard(Duration::from_secs(2));
    let answer = app.exchange(&tokens.access, "billing").await;
    assert_eq!(refused(&answer), "503 unavailable Temporarily unavailable (-)", "who does not know does not guess");
}

#[tokio::test]
async fn only_users_with_all_the_roles_get_a_token() {
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", r#"{"roles":["member"]}"#)]).await;
    app.audience(AudienceTexts { roles: "member".into(), ..plain("wiki") }).await;
    // Roles that the audience adds are for the other side.
    let claims = r#"{"roles":["staff"]}"#.to_owned();
    app.audience(AudienceTexts { roles: "member staff".into(), claims, ..plain("desk") }).await;
    app.audience(AudienceTexts { roles: "admin".into(), ..plain("console") }).await;
    app.add_administrator("root").await;
    let (ada, root) = (app.somebody("ada").await, app.login("root").await);
    assert_eq!(app.exchange(&ada, "wiki").await.status, 200);
    assert_eq!(app.exchange(&root, "console").await.status, 200);
    for audience in ["desk", "console"] {
        let answer = app.exchange(&ada, audience).await;
        assert_eq!(refused(&answer), "403 insufficient_scope Insufficient scope (insufficient_scope)", "{audience}");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer error="insufficient_scope""#));
    }
    // An administrator who is none any more has no session left.
    app.add_administrator("second").await;
    flows::set_admin(&app.state, Target::Name("root"), false, &Actor::Operator).await.unwrap();
    assert_eq!(refused(&app.exchange(&root, "console").await), REFUSED);
    let root = app.login("root").await;
    assert_eq!(app.exchange(&root, "console").await.status, 403);
}

#[tokio::test]
async fn an_audience_that_another_process_adds_or_removes_is_heeded_within_a_second() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (other, _) = app.another_process().await;
    assert_eq!(refused(&app.exchange(&token, "billing").await), UNKNOWN);
    flows::add_audience(&other, plain("billing")).await.unwrap();
    app.pass(Duration::from_secs(1));
    let stamp = app.stamp(&token, "billing").await;

    flows::remove_audience(&other, "billing").await.unwrap();
    // This process looks into the store once a second, not at every request.
    assert_eq!(app.exchange(&token, "billing").await.status, 200);
    app.pass(Duration::from_secs(1));
    assert_eq!(refused(&app.exchange(&token, "billing").await), UNKNOWN);
    let client = app.client("billing").await;
    assert_eq!(app.facts(&client, &stamp).await.body, r#"{"active":false}"#);

    // In the same process it is heeded at once.
    app.audience(plain("billing")).await;
    assert_eq!(app.exchange(&token, "billing").await.status, 200);
    assert_eq!(app.facts(&client, &stamp).await.json()["active"], true);
    flows::remove_audience(&app.state, "billing").await.unwrap();
    assert_eq!(app.facts(&client, &stamp).await.body, r#"{"active":false}"#);
    assert_eq!(refused(&app.exchange(&token, "billing").await), UNKNOWN);
}

#[tokio::test]
async fn no_audience_is_that_of_our_own_tokens() {
    let app = TestApp::start().await;
    let own = AudienceTexts { aud: "handstamp".into(), ..plain("billing") };
    let refusal = flows::add_audience(&app.state, own).await;
    assert!(matches!(refusal, Err(ManageAudienceError::OwnAudience)));
    assert!(app.state.store.list_audiences().await.unwrap().is_empty());

    // Nor after the setting has changed.
    app.audience(plain("billing")).await;
    let app = app.restart_with(&[("JWT_AUDIENCE", "billing")]).await;
    let token = app.somebody("ada").await;
    assert_eq!(refused(&app.exchange(&token, "billing").await), UNKNOWN);
}

#[tokio::test]
async fn a_client_can_ask_for_less_than_the_scope_and_never_for_more() {
    let app = TestApp::start().await;
    app.audience(shaped("mail")).await;
    app.audience(plain("billing")).await;
    let token = app.somebody("ada").await;
    let less = app.exchange_with(&token, "mail", "&scope=mail.send").await.json();
    assert_eq!(less["scope"], "mail.send");
    assert_eq!(part(less["access_token"].as_str().unwrap(), 1)["scope"], "mail.send");
    for (audience, scope) in [("mail", "mail.send+mail.admin"), ("mail", "mail.send++x"), ("billing", "mail.send")] {
        let answer = app.exchange_with(&token, audience, &format!("&scope={scope}")).await;
        assert_eq!(refused(&answer), "400 invalid_scope Scope not granted (invalid_scope)", "{audience} {scope}");
    }
    assert_eq!(app.exchange_with(&token, "billing", "&scope=").await.status, 200, "no value, no parameter");
}

#[tokio::test]
async fn a_token_that_no_reader_would_take_for_its_length_is_not_issued() {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(1000));
    let app = TestApp::start_with(&[("ADDITIONAL_CLAIMS", &long), ("JWT_ALGORITHM", "RS256")]).await;
    let other = long.replace("\"a\"", "\"b\"");
    app.audience(AudienceTexts { claims: other, scope: "y".repeat(512), ..plain("billing") }).await;
    let token = app.somebody("ada").await;
    let answer = app.exchange(&token, "billing").await;
    assert_eq!(refused(&answer), "500 internal Internal error (-)");
}
