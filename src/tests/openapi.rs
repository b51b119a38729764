//! `openapi.json` against the router, the lists of the guard, the table of errors, and real answers.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use handstamp::api_types::ApiError;
use handstamp::server::domain::audience::AudienceTexts;
use handstamp::server::http::{CLIENTS, GATE, OPERATORS, PUBLIC, machine_door_names};
use serde_json::{Value, json};

use crate::audiences::{ACCESS_TOKEN, EXCHANGE, plain};
use crate::authenticator::{Authenticator, Key};
use crate::authenticator_app::{self, recovery_codes};
use crate::harness::{Answer, PASSWORD, TestApp, bearer, part};

fn document() -> Value {
    serde_json::from_str(include_str!("../server/http/routes/openapi.json")).unwrap()
}

/// Every door as the router names it, and its operation.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

#[test]
fn it_describes_exactly_the_doors_that_are_there() {
    let document = document();
    let described: BTreeSet<String> = operations(&document).into_iter().map(|(door, _)| door).collect();
    assert_eq!(described, machine_door_names().into_iter().collect());
}

#[test]
fn it_says_who_may_enter_as_the_guard_does() {
    let document = document();
    for (door, operation) in operations(&document) {
        let security = &operation["security"];
        if CLIENTS.contains(&door.as_str()) {
            assert_eq!(security, &json!([{ "clientAuth": [] }]), "{door}");
        } else if GATE.contains(&door.as_str()) {
            assert_eq!(security, &json!([{ "bearerAuth": [] }, { "gateCookie": [] }]), "{door}");
        } else if OPERATORS.contains(&door.as_str()) {
            assert_eq!(security, &json!([{}, { "metricsToken": [] }]), "{door}");
        } else if PUBLIC.contains(&door.as_str()) {
            // One of them is empty: no credentials are needed.
            let open = security.as_array().unwrap();
            assert!(open.is_empty() || open.contains(&json!({})), "{door}");
        } else {
            assert_eq!(security, &json!([{ "bearerAuth": [] }]), "{door}");
        }
    }
}

#[test]
fn it_names_every_error_and_no_other() {
    let listed = document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"].clone();
    let listed: BTreeSet<String> = serde_json::from_value(listed).unwrap();
    let known: BTreeSet<String> = ApiError::ALL.iter().map(|error| error.row().0.to_owned()).collect();
    assert_eq!(listed, known);
}

/// Compares answers with the document, and records which were seen.
struct Checked {
    document: Value,
    seen: BTreeSet<(String, u16)>,
}

impl Checked {
    fn answer(&mut self, door: &str, answer: &Answer) {
        let what = format!("{door} {}", answer.status);
        let document = &self.document;
        let (_, operation) = operations(document).into_iter().find(|(known, _)| known == door).unwrap();
        let response = &operation["responses"][answer.status.to_string()];
        let response = match response["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => response,
        };
        assert!(response.is_object(), "{what} is not described");
        for (header, _) in response["headers"].as_object().into_iter().flatten() {
            assert!(answer.header(&header.to_lowercase()).is_some(), "{what}: no {header}");
        }
        match response["content"].as_object() {
            None => assert_eq!(answer.body, "", "{what}"),
            Some(content) => {
                let media_type = answer.header("content-type").unwrap();
                let schema = &content[media_type]["schema"];
                assert!(schema.is_object(), "{what}: {media_type}");
                let schema = json!({ "allOf": [schema], "components": document["components"] });
                let validator = jsonschema::draft202012::new(&schema).unwrap();
                let is_json = !media_type.starts_with("text/");
                let body = if is_json { answer.json() } else { Value::String(answer.body.clone()) };
                let problems: Vec<_> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
                assert!(problems.is_empty(), "{what}: {problems:?} {}", answer.body);
            }
        }
        self.seen.insert((door.to_owned(), answer.status));
    }

    /// Every answer that is not an error must have been seen.
    fn all_seen(&self) {
        for (door, operation) in operations(&self.document) {
            for status in operation["responses"].as_object().unwrap().keys() {
                let status: u16 = status.parse().unwrap();
                assert!(
                    status >= 400 || self.seen.contains(&(door.clone(), status)),
                    "{door} {status} was never given"
                );
            }
        }
    }
}

/// Door, headers, body, expected status.
type Call<'c> = (&'c str, &'c [(&'c str, &'c str)], String, u16);

#[tokio::test]
async fn real_answers_are_as_it_says() {
    let app = TestApp::start_with(&[
        ("JWT_ALGORITHM", "EdDSA"),
        ("ADDITIONAL_CLAIMS", r#"{"tenant":"north"}"#),
        ("GATE_ORIGINS", "https://app.example.org"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("WEBAUTHN_ORIGINS", "https://app.example.net"),
    ])
    .await;
    let closed = TestApp::start_with(&[("SIGNUP", "closed")]).await;
    app.add_administrator("root").await;
    let client = app.client("billing").await;
    let basic = format!("Basic {}", STANDARD.encode(format!("billing:{}", client.secret)));
    let token = app.somebody("ada").await;
    let (refresh, another) = (app.tokens("ada").await.refresh, app.login("ada").await);
    let (revoked, lesson) = (app.login("ada").await, app.get("/sign-token").await);
    let posted = bearer(&app.login("ada").await);
    let lesson = bearer(lesson.json()["token"].as_str().unwrap());
    let authorization = bearer(&token);
    let credentials = |name: &str, password: &str| json!({ "username": name, "password": password }).to_string();
    let passwords =
        |current: &str| json!({ "current_password": current, "new_password": "nine small green apples" }).to_string();
    let mut checked = Checked { document: document(), seen: BTreeSet::new() };

    let another = part(&another, 1)["sid"].as_str().unwrap().to_owned();
    let carol = bearer(&app.somebody("carol").await);
    for (owner, status) in [(&carol, 404), (&authorization, 200)] {
        let answer = app.send("DELETE", &format!("/sessions/{another}"), &[("authorization", owner)], None).await;
        assert_eq!(answer.status, status, "{answer:?}");
        checked.answer("DELETE /sessions/{id}", &answer);
    }

    let json_type = ("content-type", "application/json");
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    let (as_user, as_client) = (("authorization", &*authorization), ("authorization", &*basic));
    let evil = ("origin", "https://evil.example");
    let proxied = ("x-original-url", "https://app.example.org/");
    let right = credentials("ada", PASSWORD);
    let tag = app.as_client("GET", "/revocations", &client, "").await.header("etag").unwrap().to_owned();
    let keys = app.get("/.well-known/jwks.json").await.header("etag").unwrap().to_owned();
    app.audience(plain("billing")).await;
    app.audience(AudienceTexts { roles: "admin".into(), ..plain("console") }).await;
    let at_token = app.tokens("ada").await.refresh;
    let exchange =
        format!("grant_type={EXCHANGE}&subject_token={token}&subject_token_type={ACCESS_TOKEN}&audience=billing");
    let calls: &[Call] = &[
        ("POST /login", &[json_type], right.clone(), 200),
        ("POST /login", &[form_type], format!("username=ada&password={PASSWORD}"), 200),
        ("POST /login", &[json_type], "[]".into(), 400),
        ("POST /login", &[json_type], credentials("ada", "wrong"), 401),
        ("POST /login", &[json_type, evil], right.clone(), 403),
        ("POST /login", &[json_type], "x".repeat(20_000), 413),
        ("POST /login", &[("content-type", "text/plain")], right, 415),
        ("POST /signup", &[json_type], credentials("bob", PASSWORD), 201),
        ("POST /signup", &[json_type], credentials("bob", PASSWORD), 409),
        ("POST /signup", &[json_type], credentials("eve", "short"), 400),
        ("POST /token", &[form_type], exchange.clone(), 200),
        ("POST /token", &[form_type], format!("grant_type=refresh_token&refresh_token={at_token}"), 200),
        ("POST /token", &[form_type], exchange.replace("audience=billing", "audience=nobody"), 400),
        ("POST /token", &[form_type], exchange.replace("audience=billing", "audience=console"), 403),
        ("POST /token", &[form_type, evil], exchange.clone(), 403),
        ("POST /token", &[form_type, ("authorization", "Basic eDp5")], exchange, 401),
        ("POST /token", &[json_type], "{}".into(), 415),
        ("GET /protected", &[as_user], String::new(), 200),
        ("GET /protected", &[], String::new(), 401),
        ("POST /refresh", &[json_type], json!({ "refresh_token": refresh }).to_string(), 200),
        ("POST /refresh", &[("authorization", "Bearer x")], String::new(), 401),
        ("POST /refresh", &[json_type], "[]".into(), 400),
        ("GET /email", &[as_user], String::new(), 200),
        ("POST /email", &[as_user, json_type], json!({ "email": "ada@example.org" }).to_string(), 202),
        ("POST /email", &[as_user, json_type], json!({ "email": "ada" }).to_string(), 400),
        ("POST /email/confirm", &[json_type], json!({ "token": "x" }).to_string(), 403),
        ("POST /password/forgot", &[form_type], "username=ada".into(), 202),
        ("POST /password/forgot", &[form_type], "username=".into(), 400),
        ("POST /password/reset", &[json_type], json!({ "token": "x", "new_password": "x" }).to_string(), 403),
        ("GET /sessions", &[as_user], String::new(), 200),
        ("GET /sessions", &[], String::new(), 401),
        ("DELETE /sessions", &[], String::new(), 401),
        ("GET /me", &[as_user], String::new(), 200),
        ("GET /me", &[("authorization", "Bearer x")], String::new(), 401),
        ("GET /healthz", &[], String::new(), 200),
        ("GET /readyz", &[], String::new(), 200),
        ("GET /metrics", &[], String::new(), 200),
        ("GET /metrics", &[("x-forwarded-for", "203.0.113.7")], String::new(), 404),
        ("GET /.well-known/jwks.json", &[], String::new(), 200),
        ("GET /.well-known/jwks.json", &[("if-none-match", &keys)], String::new(), 304),
        ("GET /.well-known/oauth-authorization-server", &[], String::new(), 200),
        ("GET /.well-known/webauthn", &[], String::new(), 200),
        ("GET /.well-known/passkey-endpoints", &[], String::new(), 200),
        ("GET /openapi.json", &[], String::new(), 200),
        ("GET /sign-token", &[], String::new(), 200),
        ("POST /verify-token", &[("authorization", &lesson)], String::new(), 200),
        ("POST /verify-token", &[as_user], String::new(), 401),
        ("GET /forward-auth", &[as_user], String::new(), 200),
        ("GET /forward-auth", &[], String::new(), 401),
        ("GET /forward-auth", &[("accept", "text/html"), proxied], String::new(), 302),
        ("GET /forward-auth", &[as_user, ("x-original-url", "https://evil.example/")], String::new(), 403),
        ("POST /introspect", &[as_client, form_type], format!("token={token}"), 200),
        ("POST /introspect", &[as_client, form_type], "token=x".into(), 200),
        ("POST /introspect", &[as_client, form_type], String::new(), 400),
        ("POST /introspect", &[form_type], "token=x".into(), 401),
        ("POST /introspect", &[as_client], "token=x".into(), 415),
        ("GET /revocations", &[as_client, ("if-none-match", &tag)], String::new(), 304),
        ("POST /revoke", &[form_type], format!("token={revoked}"), 200),
        ("POST /revoke", &[form_type], String::new(), 400),
        ("POST /revoke", &[form_type, ("authorization", "Basic eDp5")], "token=x".into(), 401),
        ("DELETE /sessions", &[as_user], String::new(), 200),
        ("POST /password", &[as_user, json_type], passwords(PASSWORD), 200),
        ("POST /password", &[as_user, json_type], passwords(PASSWORD), 401),
        ("POST /password", &[as_user, json_type], "{}".into(), 400),
        ("POST /logout", &[("authorization", &posted)], String::new(), 200),
        ("POST /logout", &[], String::new(), 401),
        ("DELETE /logout", &[as_user], String::new(), 200),
        ("DELETE /logout", &[], String::new(), 401),
        ("GET /revocations", &[as_client], String::new(), 200),
        ("GET /revocations", &[], String::new(), 401),
    ];
    for (door, headers, body, status) in calls {
        let (method, path) = door.split_once(' ').unwrap();
        let answer = app.send(method, path, headers, Some(body)).await;
        assert_eq!(answer.status, *status, "{door}: {answer:?}");
        checked.answer(door, &answer);
    }
    second_factors(&app, &mut checked).await;
    for _ in 0..5 {
        checked.answer("POST /login", &app.post_json("/login", &credentials("mallory", "wrong")).await);
    }
    let answer = app.post_json("/login", &credentials("mallory", "wrong")).await;
    assert_eq!(answer.status, 429);
    checked.answer("POST /login", &answer);
    let answer = closed.post_json("/signup", &credentials("bob", PASSWORD)).await;
    checked.answer("POST /signup", &answer);
    passkeys(&app, &mut checked).await;
    let (mailing, smtp) = TestApp::start_with_mail().await;
    let token = mailing.somebody("ada").await;
    mailing.ask_email(&token, "ada@example.org").await;
    mailing.deliver().await;
    let confirmed = mailing.confirm_email(&smtp.take()[0].code()).await;
    checked.answer("POST /email/confirm", &confirmed);
    mailing.deliver().await;
    smtp.take();
    let code = mailing.reset_code(&smtp, "ada").await;
    checked.answer("POST /password/reset", &mailing.reset(&code, "nine small green apples").await);
    checked.all_seen();
}

/// The answers of the doors for second factors.
async fn second_factors(app: &TestApp, checked: &mut Checked) {
    let token = app.somebody("grace").await;
    let (authorization, json_type) = (bearer(&token), ("content-type", "application/json"));
    let as_user = ("authorization", &*authorization);
    let begun = app.send("POST", "/totp", &[as_user], None).await;
    checked.answer("POST /totp", &begun);
    let authenticator = authenticator_app::Authenticator::new(begun.json()["secret"].as_str().unwrap());
    checked.answer("POST /totp/confirm", &app.confirm_totp(&token, "1").await);
    let confirmed = app.confirm_totp(&token, &authenticator.code(app.time())).await;
    let codes = recovery_codes(&confirmed);
    for (door, answer) in [
        ("POST /totp/confirm", confirmed),
        ("POST /totp/confirm", app.confirm_totp(&token, "1").await),
        ("POST /totp", app.send("POST", "/totp", &[as_user], None).await),
        ("POST /totp", app.send("POST", "/totp", &[], None).await),
        (
            "POST /login",
            app.post_json("/login", &json!({ "username": "grace", "password": PASSWORD }).to_string()).await,
        ),
        ("POST /login/second-factor", app.send("POST", "/login/second-factor", &[json_type], Some("{}")).await),
    ] {
        checked.answer(door, &answer);
    }
    for code in ["1", &codes[0]] {
        let answer = app.answer_recovery(&app.challenge("grace").await, code).await;
        checked.answer("POST /login/second-factor", &answer);
    }
    for (method, door) in
        [("POST", "/recovery-codes"), ("DELETE", "/totp"), ("DELETE", "/totp"), ("POST", "/recovery-codes")]
    {
        checked.answer(&format!("{method} {door}"), &app.send(method, door, &[as_user], None).await);
    }
}

async fn passkeys(app: &TestApp, checked: &mut Checked) {
    let (token, json_type) = (bearer(&app.somebody("hedy").await), ("content-type", "application/json"));
    let headers = [("authorization", &*token), json_type];
    let mut laptop = Authenticator::new(Key::ed_dsa());
    let body =
        |asked: &Value, passkey: Value| json!({ "challenge": asked["challenge"], "passkey": passkey }).to_string();

    let ask = app.send("POST", "/passkeys/options", &headers[..1], None).await;
    checked.answer("POST /passkeys/options", &ask);
    checked.answer("POST /passkeys/options", &app.send("POST", "/passkeys/options", &[], None).await);
    let asked = ask.json();
    let answer = body(&asked, laptop.register(&asked["options"]));
    for status in [201, 401] {
        let added = app.send("POST", "/passkeys", &headers, Some(&answer)).await;
        assert_eq!(added.status, status, "{added:?}");
        checked.answer("POST /passkeys", &added);
    }
    let list = app.send("GET", "/passkeys", &headers, None).await;
    checked.answer("GET /passkeys", &list);
    let id = list.json()[0]["id"].as_str().unwrap().to_owned();

    let ask = app.send("POST", "/passkeys/sign-in/options", &[], None).await;
    checked.answer("POST /passkeys/sign-in/options", &ask);
    let asked = ask.json();
    let answer = body(&asked, laptop.answer(&asked["options"]));
    for (answer, status) in [(&*answer, 200), (&*answer, 401), ("{}", 400)] {
        let signed_in = app.post_json("/passkeys/sign-in", answer).await;
        assert_eq!(signed_in.status, status, "{signed_in:?}");
        checked.answer("POST /passkeys/sign-in", &signed_in);
    }
    let challenge = app.post_json("/login", &json!({ "username": "hedy", "password": PASSWORD }).to_string()).await;
    let challenge = json!({ "challenge": challenge.json()["challenge"] }).to_string();
    for (challenge, status) in [(&*challenge, 200), (r#"{"challenge":"x"}"#, 401), ("{}", 400)] {
        let asked = app.post_json("/login/second-factor/options", challenge).await;
        assert_eq!(asked.status, status, "{asked:?}");
        checked.answer("POST /login/second-factor/options", &asked);
    }
    let path = format!("/passkeys/{id}");
    for (name, status) in [("laptop", 200), ("", 400)] {
        let renamed = app.send("PATCH", &path, &headers, Some(&json!({ "name": name }).to_string())).await;
        assert_eq!(renamed.status, status, "{renamed:?}");
        checked.answer("PATCH /passkeys/{id}", &renamed);
    }
    for status in [200, 404] {
        let removed = app.send("DELETE", &path, &headers[..1], None).await;
        assert_eq!(removed.status, status, "{removed:?}");
        checked.answer("DELETE /passkeys/{id}", &removed);
    }
}
