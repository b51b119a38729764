//! The `Authorization` header at every door that reads it (RFC 9110, section 11.4; RFC 6749, section 2.3.1; RFC 6750,
//! section 2.1): a scheme in upper or lower case, one or more spaces, one token.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::percent_encode_byte;
use serde_json::json;

use crate::harness::{Answer, Client, PASSWORD, TestApp};

const BAD: &str = "401 bad_authorization_header Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";
const MISSING: &str = "401 missing_token Missing Authorization Header";
const NO_CLIENT: &str = "401 invalid_client Client authentication failed";
const METRICS_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// What may stand before a token.
const BEARER: [&str; 5] = ["Bearer ", "Bearer  ", "Bearer          ", "bearer  ", "BEARER "];
const BASIC: [&str; 5] = ["Basic ", "Basic  ", "Basic          ", "basic  ", "BASIC "];

async fn ask(app: &TestApp, door: &str, authorization: &str, body: &str) -> Answer {
    let (method, path) = door.split_once(' ').unwrap();
    let headers = [
        ("authorization", authorization),
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
        ("sec-fetch-site", "same-origin"),
        // Not from this machine: the token alone opens /metrics.
        ("x-forwarded-for", "203.0.113.7"),
    ];
    app.send(method, path, &headers, Some(body)).await
}

fn basic(name: &str, secret: &str) -> String {
    STANDARD.encode(format!("{name}:{secret}"))
}

async fn start() -> TestApp {
    TestApp::start_with(&[("METRICS_TOKEN", METRICS_TOKEN)]).await
}

#[tokio::test]
async fn one_or_more_spaces_stand_between_scheme_and_token_at_every_door() {
    let app = start().await;
    app.add_user("ada").await;
    let lesson = app.get("/sign-token").await.json()["token"].as_str().unwrap().to_owned();
    for before in BEARER {
        let tokens = app.tokens("ada").await;
        let access = format!("{before}{}", tokens.access);
        let password = format!("current_password={PASSWORD}&new_password={PASSWORD}");
        for (door, authorization, body) in [
            ("GET /protected", access.as_str(), ""),
            ("GET /me", &access, ""),
            ("GET /sessions", &access, ""),
            ("GET /api/greeting", &access, ""),
            ("GET /api/account", &access, ""),
            ("POST /password", &access, &password),
            ("DELETE /sessions", &access, ""),
            ("POST /api/end-other-sessions", &access, ""),
            ("POST /verify-token", &format!("{before}{lesson}"), ""),
            ("GET /metrics", &format!("{before}{METRICS_TOKEN}"), ""),
            ("POST /refresh", &format!("{before}{}", tokens.refresh), ""),
            // As another client's request: the header is none of ours, the token stands in the body.
            ("POST /revoke", &access, "token=x"),
        ] {
            let answer = ask(&app, door, authorization, body).await;
            assert_eq!(answer.status, 200, "{door} `{before}`: {answer:?}");
        }
        for door in ["DELETE /logout", "POST /logout", "POST /api/logout"] {
            let tokens = app.tokens("ada").await;
            for token in [&tokens.access, &tokens.refresh] {
                let answer = ask(&app, door, &format!("{before}{token}"), "").await;
                assert_eq!(answer.status, 200, "{door} `{before}`: {answer:?}");
            }
            assert_eq!(app.protected(&tokens.access).await.status, 401, "{door} `{before}`");
        }
    }
}

#[tokio::test]
async fn so_they_do_between_basic_and_a_clients_credentials() {
    let app = start().await;
    let Client { name, secret } = app.client("billing-2.eu").await;
    let token = app.somebody("ada").await;
    for before in BASIC {
        let authorization = format!("{before}{}", basic(&name, &secret));
        for door in ["POST /introspect", "GET /revocations", "POST /revoke"] {
            let answer = ask(&app, door, &authorization, &format!("token={token}x")).await;
            assert_eq!(answer.status, 200, "{door} `{before}`: {answer:?}");
        }
        let wrong = format!("{before}{}", basic(&name, "hs_cs_wrong"));
        for door in ["POST /introspect", "GET /revocations", "POST /revoke"] {
            assert_eq!(ask(&app, door, &wrong, "token=x").await.error(), NO_CLIENT, "{door} `{before}`");
        }
    }
}

#[tokio::test]
async fn a_clients_name_and_secret_are_form_encoded_before_they_are_joined() {
    let app = start().await;
    let Client { name, secret } = app.client("billing-2.eu").await;
    let all_encoded = |text: &str| text.bytes().map(percent_encode_byte).collect::<String>();
    let marks_encoded = |text: &str| text.replace('-', "%2D").replace('_', "%5F").replace('.', "%2E");
    for (name, secret) in [
        (name.clone(), secret.clone()),
        (marks_encoded(&name), marks_encoded(&secret)),
        (all_encoded(&name), all_encoded(&secret)),
    ] {
        let answer = ask(&app, "POST /introspect", &format!("Basic {}", basic(&name, &secret)), "token=x").await;
        assert_eq!(answer.body, r#"{"active":false}"#, "{name}: {answer:?}");
    }
    // What is encoded is not a separator, and nothing is decoded twice.
    for credentials in [
        STANDARD.encode(format!("{name}%3A{secret}")),
        basic(&name.replace('-', "%252D"), &secret),
        basic(&name, &format!("{secret}%")),
        basic(&name, &format!("{secret}%00")),
        basic(&format!("{name}+"), &secret),
        basic(&name, &format!("%ff{secret}")),
        STANDARD.encode(format!("{name}{secret}")),
        STANDARD.encode(b"\xff:\xff"),
        format!("{}=", basic(&name, &secret)),
        format!("{} x", basic(&name, &secret)),
        format!("{},", basic(&name, &secret)),
        format!("\t{}", basic(&name, &secret)),
        String::new(),
    ] {
        let answer = ask(&app, "POST /introspect", &format!("Basic {credentials}"), "token=x").await;
        assert_eq!(answer.error(), NO_CLIENT, "{credentials:?}");
    }
}

#[tokio::test]
async fn anything_else_is_refused_at_every_door_in_the_same_words() {
    let app = start().await;
    app.add_user("ada").await;
    let tokens = app.tokens("ada").await;
    for (door, token) in [
        ("GET /protected", tokens.access.as_str()),
        ("GET /api/greeting", &tokens.access),
        ("POST /refresh", &tokens.refresh),
        ("DELETE /logout", &tokens.access),
        ("POST /logout", &tokens.refresh),
        ("POST /api/logout", &tokens.access),
        ("POST /verify-token", &tokens.access),
    ] {
        for (authorization, expected) in [
            (String::new(), MISSING),
            ("   ".to_owned(), MISSING),
            ("\t".to_owned(), MISSING),
            ("Bearer".to_owned(), BAD),
            ("Bearer   ".to_owned(), BAD),
            (token.to_owned(), BAD),
            (format!("Bearer\t{token}"), BAD),
            (format!("Bearer \t{token}"), BAD),
            (format!("Bearer  \t {token}"), BAD),
            (format!("Bearer:{token}"), BAD),
            (format!("Bearer, {token}"), BAD),
            (format!("Bearer {token} {token}"), BAD),
            (format!("Bearer {token},"), BAD),
            (format!("Bearer {token}, Bearer {token}"), BAD),
            (format!("Token {token}"), BAD),
            (format!("Basic  {token}"), BAD),
            (format!("BearerBearer {token}"), BAD),
        ] {
            let answer = ask(&app, door, &authorization, "").await;
            if door == "POST /verify-token" {
                let sentence = expected.splitn(3, ' ').nth(2).unwrap();
                assert_eq!((answer.status, answer.json()), (401, json!({ "err": sentence })), "`{authorization}`");
            } else {
                assert_eq!(answer.error(), expected, "{door} `{authorization}`");
            }
        }
        let (method, path) = door.split_once(' ').unwrap();
        let authorization = format!("Bearer {token}");
        let twice = [("authorization", authorization.as_str()), ("authorization", &authorization)];
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let answer = app.send(method, path, &[&twice[..], &headers].concat(), None).await;
        assert_eq!(answer.status, 401, "{door} twice");
        assert!(answer.body.contains("Bad Authorization header"), "{door}: {answer:?}");
    }
    // White space at the ends of a header is no part of it (RFC 9110, section 5.5).
    for around in [" Bearer {} ", "\tBearer {}\t", "  Bearer   {} \t "] {
        let authorization = around.replace("{}", &tokens.access);
        assert_eq!(ask(&app, "GET /protected", &authorization, "").await.status, 200, "{around:?}");
    }
    for bad in [format!("Bearer\t{METRICS_TOKEN}"), format!("Basic  {METRICS_TOKEN}"), METRICS_TOKEN.to_owned()] {
        assert_eq!(ask(&app, "GET /metrics", &bad, "").await.error(), "404 not_found Not found", "{bad:?}");
    }
}

#[tokio::test]
async fn a_request_with_two_headers_comes_from_no_client() {
    let app = start().await;
    let Client { name, secret } = app.client("billing").await;
    let (right, bearer) = (format!("Basic {}", basic(&name, &secret)), "Bearer x".to_owned());
    for (first, second) in [(&right, &right), (&right, &bearer), (&bearer, &right)] {
        let headers = [
            ("authorization", first.as_str()),
            ("authorization", second),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        for (method, path) in [("POST", "/introspect"), ("GET", "/revocations"), ("POST", "/revoke")] {
            let answer = app.send(method, path, &headers, Some("token=x")).await;
            assert_eq!(answer.error(), NO_CLIENT, "{path}: {first}, {second}");
        }
    }
}
