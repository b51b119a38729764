//! Wrong answers with a new passkey: each is refused in plain words, and nothing is kept.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, Key};
use crate::harness::TestApp;
use crate::passkeys::{cookie_of, encoded};

const NOT_ADDED: &str = "400 passkey_not_added Passkey could not be added";
const MALFORMED: &str = "400 invalid_request Malformed request";
const EXPIRED: &str = "401 challenge_expired Challenge is not valid; sign in again";

#[tokio::test]
async fn a_wrong_answer_adds_no_passkey() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let right = || Authenticator::new(Key::ed_dsa());
    let wrong = [
        ("an origin of another port", Authenticator { origin: "http://localhost:3001".into(), ..right() }),
        ("the address", Authenticator { origin: "http://127.0.0.1:3000".into(), ..right() }),
        ("another site", Authenticator { origin: "https://evil.example".into(), ..right() }),
        ("a frame in another site", Authenticator { cross_origin: true, ..right() }),
        ("another relying party", Authenticator { rp_id: "evil.example".into(), ..right() }),
        ("an answer to another question", Authenticator { kind: "get", ..right() }),
        ("a user who was not there", Authenticator { present: false, ..right() }),
        ("an algorithm that was not offered", Authenticator::new(Key::es384())),
        ("bytes behind the data", Authenticator { trailing: vec![0], ..right() }),
    ];
    for (what, mut authenticator) in wrong {
        let (challenge, options) = app.ask_for_new_passkey(&token).await;
        let answer = app.send_new_passkey(&token, &challenge, &authenticator.register(&options), "").await;
        assert!([NOT_ADDED, MALFORMED].contains(&&*answer.error()), "{what}: {answer:?}");
        assert_eq!(app.passkeys(&token).await, json!([]), "{what}");
    }
    assert!(!app.own_event_kinds(&token).await.contains(&"factor_added".to_owned()));
}

#[tokio::test]
async fn cbor_that_does_not_parse_adds_nothing() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    // The maps, the hash of the relying party, the flags, the length of the id, the key. What is between (counter, id) can be
    // any bytes.
    for at in [0, 1, 5, 12, 20, 28, 30, 61, 62, 83, 84, 117, 118, 119, 121, 124, 130] {
        for cut in [true, false] {
            let (challenge, options) = app.ask_for_new_passkey(&token).await;
            let mut answer = Authenticator::new(Key::es256()).register(&options);
            let object = URL_SAFE_NO_PAD.decode(answer["response"]["attestationObject"].as_str().unwrap()).unwrap();
            let object = if cut { object[..at].to_vec() } else { changed(&object, at) };
            answer["response"]["attestationObject"] = URL_SAFE_NO_PAD.encode(object).into();
            answer["response"].as_object_mut().unwrap().remove("authenticatorData");
            let refused = app.send_new_passkey(&token, &challenge, &answer, "").await;
            assert!([NOT_ADDED, MALFORMED].contains(&&*refused.error()), "{at} {cut}: {refused:?}");
        }
    }
    for text in ["", "null", "[]", "{", "\"x\"", "{\"id\":\"\\ud800\"}"] {
        let (challenge, _) = app.ask_for_new_passkey(&token).await;
        let body = format!("challenge={challenge}&passkey={}", encoded(text));
        let headers = [
            ("authorization", &*crate::harness::bearer(&token)),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let refused = app.send("POST", "/passkeys", &headers, Some(&body)).await;
        assert_eq!(refused.error(), MALFORMED, "{text}");
    }
    assert_eq!(app.passkeys(&token).await, json!([]));
}

#[tokio::test]
async fn a_challenge_is_answered_once_within_five_minutes_and_by_the_user_who_was_asked() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.somebody("ada").await, app.somebody("grace").await);
    let (challenge, options) = app.ask_for_new_passkey(&ada).await;
    let passkey = Authenticator::new(Key::ed_dsa()).register(&options);
    assert_eq!(app.send_new_passkey(&grace, &challenge, &passkey, "").await.error(), EXPIRED, "of another user");
    assert_eq!(app.send_new_passkey(&ada, &challenge, &passkey, "").await.error(), EXPIRED, "it was answered");

    let (challenge, options) = app.ask_for_new_passkey(&ada).await;
    let passkey = Authenticator::new(Key::ed_dsa()).register(&options);
    app.pass(Duration::from_mins(5));
    let (ada, grace) = (app.login("ada").await, app.login("grace").await);
    assert_eq!(app.send_new_passkey(&ada, &challenge, &passkey, "").await.error(), EXPIRED, "too late");
    for token in [&ada, &grace] {
        assert_eq!(app.passkeys(token).await, json!([]));
    }
}

#[tokio::test]
async fn a_challenge_of_one_browser_is_of_no_use_in_another() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (one, two) = (
        app.call("new-passkey-question", Some(&token), "").await,
        app.call("new-passkey-question", Some(&token), "").await,
    );
    let question = one.json();
    let options: Value = serde_json::from_str(question["options"].as_str().unwrap()).unwrap();
    let passkey = Authenticator::new(Key::ed_dsa()).register(&options);
    let challenge = question["challenge"].as_str().unwrap();
    let body = format!("challenge={challenge}&passkey={}", encoded(&passkey.to_string()));
    for cookie in ["", "handstamp_browser=", "handstamp_browser=x", &cookie_of(&two)] {
        let answer = app.call_with_cookie("add-passkey", Some(&token), cookie, &body).await;
        assert_eq!(answer.error(), EXPIRED, "{cookie}");
    }
    assert_eq!(app.send_new_passkey(&token, challenge, &passkey, "").await.error(), EXPIRED, "a program");
    let answer = app.call_with_cookie("add-passkey", Some(&token), &cookie_of(&one), &body).await;
    assert_eq!(answer.status, 200, "the control: {answer:?}");
}

#[tokio::test]
async fn a_passkey_belongs_to_one_account() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.somebody("ada").await, app.somebody("grace").await);
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.add_passkey(&ada, &mut laptop, "").await;
    for token in [&grace, &ada] {
        let (challenge, options) = app.ask_for_new_passkey(token).await;
        let answer = app.send_new_passkey(token, &challenge, &laptop.register(&options), "stolen").await;
        assert_eq!(answer.error(), NOT_ADDED);
    }
    assert_eq!(app.passkeys(&grace).await, json!([]));
    assert_eq!(app.passkeys(&ada).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_challenge_survives_a_restart() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (challenge, options) = app.ask_for_new_passkey(&token).await;
    let app = app.restart().await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    let answer = app.send_new_passkey(&token, &challenge, &laptop.register(&options), "").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let (challenge, options) = app.ask_for_passkey().await;
    let app = app.restart().await;
    let answer = app.answer_with_passkey(&challenge, &laptop.answer(&options)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn changed(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 0x55;
    bytes
}
