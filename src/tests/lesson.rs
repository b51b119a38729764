//! The doors of the second tutorial. Their tokens open no real door.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::harness::{Answer, SECRET, TestApp, bearer, part};

impl TestApp {
    async fn lesson_token(&self) -> String {
        self.get("/sign-token").await.json()["token"].as_str().unwrap().to_owned()
    }

    async fn verify_lesson(&self, authorization: &str) -> Answer {
        self.send("POST", "/verify-token", &[("authorization", authorization)], None).await
    }
}

#[tokio::test]
async fn the_lesson_signs_the_mock_user_and_verifies_it() {
    let app = TestApp::start().await;
    let token = app.lesson_token().await;
    assert_eq!(part(&token, 1).to_string(), r#"{"id":1,"username":"test"}"#);

    let answer = app.verify_lesson(&bearer(&token)).await;

    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"user":{"id":1,"username":"test"}}"#));
    // The same after a restart.
    let app = app.restart().await;
    assert_eq!(app.verify_lesson(&bearer(&token)).await.status, 200);
}

#[tokio::test]
async fn a_bad_token_is_401_with_its_reason_and_never_500() {
    let app = TestApp::start().await;
    let token = app.lesson_token().await;
    let access_token = app.somebody("ada").await;
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let admin = URL_SAFE_NO_PAD.encode(r#"{"id":2,"username":"admin"}"#);
    for (authorization, err) in [
        (String::new(), "Missing Authorization Header"),
        ("Bearer".to_owned(), "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
        (token.clone(), "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
        (bearer("x"), "Not enough segments"),
        (bearer("a.b"), "Not enough segments"),
        (bearer("a.b.c"), "Invalid header"),
        (bearer(&format!("{none}.{claims}.")), "The specified alg value is not allowed"),
        (bearer(&format!("{header}.{claims}.")), "Signature verification failed"),
        (bearer(&format!("{header}.{admin}.{signature}")), "Signature verification failed"),
        (bearer(&access_token), "Signature verification failed"),
    ] {
        let answer = app.verify_lesson(&authorization).await;
        assert_eq!(answer.status, 401, "{authorization}");
        assert_eq!(answer.json(), serde_json::json!({ "err": err }), "{authorization}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let none = app.send("POST", "/verify-token", &[], None).await;
    assert_eq!((none.status, none.body.as_str()), (401, r#"{"err":"Missing Authorization Header"}"#));
}

#[tokio::test]
async fn t15_the_lessons_tokens_open_no_real_door() {
    for algorithm in ["HS256", "EdDSA"] {
        let app = TestApp::start_with(&[("JWT_ALGORITHM", algorithm)]).await;
        let token = app.lesson_token().await;
        for (method, path) in [("GET", "/protected"), ("GET", "/me"), ("DELETE", "/logout"), ("GET", "/api/greeting")] {
            let answer = app.send(method, path, &[("authorization", &bearer(&token))], None).await;
            assert_eq!(answer.error(), "401 invalid_token Invalid token", "{path}");
        }
        let client = app.client("billing").await;
        let answer = app.as_client("POST", "/introspect", &client, &format!("token={token}")).await;
        assert_eq!(answer.body, r#"{"active":false}"#);
        // Its key is not the secret, and the secret is not its key.
        let signature = token.rsplit('.').next().unwrap();
        let signed = token.rsplit_once('.').unwrap().0;
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
        let with_secret = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes()));
        assert_ne!(signature, with_secret);
        let answer = app.verify_lesson(&bearer(&format!("{signed}.{with_secret}"))).await;
        assert_eq!(answer.body, r#"{"err":"Signature verification failed"}"#);
    }
}

#[tokio::test]
async fn the_lesson_can_be_switched_off_and_is_off_in_production() {
    let production = [("APP_ENV", "production"), ("PUBLIC_URL", "https://id.example.org")];
    for settings in [&[("LESSON", "off")][..], &production] {
        let app = TestApp::start_with(settings).await;
        assert_eq!(app.get("/sign-token").await.status, 404);
        assert_eq!(app.send("POST", "/verify-token", &[], None).await.status, 404);
    }
    let app = TestApp::start_with(&[production[0], production[1], ("LESSON", "on")]).await;
    assert_eq!(app.get("/sign-token").await.status, 200);
}
