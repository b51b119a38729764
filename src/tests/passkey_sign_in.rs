//! A sign-in with a passkey alone, and the wrong answers: each is refused in plain words, and starts no session.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use handstamp::server::domain::throttle::{ADDRESS, PASSKEY_QUESTIONS};
use handstamp::server::flows;
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, Key};
use crate::harness::{Answer, TestApp, Tokens, part};
use crate::passkeys::{asked, cookie_of, encoded};

const REFUSED: &str = "401 bad_passkey Passkey is not accepted";
const UNKNOWN: &str = "401 unknown_passkey Passkey is not known here";
const MALFORMED: &str = "400 invalid_request Malformed request";
const EXPIRED: &str = "401 challenge_expired Challenge is not valid; sign in again";

impl TestApp {
    /// Asks for any passkey: the challenge, and what the browser is asked.
    pub async fn ask_for_passkey(&self) -> (String, Value) {
        asked(&self.send("POST", "/passkeys/sign-in/options", &[], None).await)
    }

    pub async fn answer_with_passkey(&self, challenge: &str, passkey: &Value) -> Answer {
        let body = json!({ "challenge": challenge, "passkey": passkey }).to_string();
        self.post_json("/passkeys/sign-in", &body).await
    }

    /// Asks, and sends the answer of this authenticator.
    pub async fn try_passkey(&self, authenticator: &mut Authenticator) -> Answer {
        let (challenge, options) = self.ask_for_passkey().await;
        self.answer_with_passkey(&challenge, &authenticator.answer(&options)).await
    }

    pub async fn sign_in_with_passkey(&self, authenticator: &mut Authenticator) -> Tokens {
        self.try_passkey(authenticator).await.tokens()
    }

    pub async fn tokens_of_new_user(&self, name: &str) -> Tokens {
        self.add_user(name).await;
        self.tokens(name).await
    }

    /// Makes a user with a passkey. Returns a token of the session in which it was added.
    async fn with_passkey(&self, name: &str, authenticator: &mut Authenticator) -> String {
        let token = self.somebody(name).await;
        self.add_passkey(&token, authenticator, "").await;
        token
    }

    async fn sessions(&self) -> String {
        self.sql("SELECT CAST(COUNT(*) AS TEXT) FROM sessions").await.remove(0)
    }
}

#[tokio::test]
async fn every_kind_of_key_that_is_offered_signs_in_without_a_name() {
    let app = TestApp::start().await;
    for (name, key) in [("ada", Key::ed_dsa()), ("grace", Key::es256()), ("hedy", Key::rs256())] {
        let mut laptop = Authenticator::new(key);
        app.with_passkey(name, &mut laptop).await;
        let token = app.sign_in_with_passkey(&mut laptop).await.access;
        let claims = part(&token, 1);
        assert_eq!(claims["username"], name);
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["swk", "user", "mfa"]), &json!("aal2")));
        assert_eq!(app.protected(&token).await.status, 200);
        assert_eq!(app.logout(&token).await.status, 200);
        assert_eq!(app.protected(&token).await.status, 401);
    }
}

#[tokio::test]
async fn the_question_names_nobody_and_demands_that_the_device_checks_the_user() {
    let app = TestApp::start().await;
    app.with_passkey("ada", &mut Authenticator::new(Key::ed_dsa())).await;
    let (_, options) = app.ask_for_passkey().await;
    assert_eq!(options["rpId"], "localhost");
    assert_eq!((&options["userVerification"], &options["allowCredentials"]), (&json!("required"), &json!([])));
}

#[tokio::test]
async fn the_session_lives_as_long_as_the_user_wants() {
    let app = TestApp::start().await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.with_passkey("ada", &mut laptop).await;
    let (challenge, options) = app.ask_for_passkey().await;
    let body = json!({ "challenge": challenge, "passkey": laptop.answer(&options), "remember": true });
    let answer = app.post_json("/passkeys/sign-in", &body.to_string()).await;
    assert_eq!(answer.json()["refresh_expires_in"], 14 * 24 * 3600, "{answer:?}");
}

/// Makes something wrong.
type Break = fn(&mut Authenticator, &Authenticator);

#[tokio::test]
async fn a_wrong_answer_starts_no_session_and_the_passkey_goes_on_working() {
    let app = TestApp::start().await;
    let mut laptop = Authenticator::new(Key::es256());
    app.with_passkey("ada", &mut laptop).await;
    let mut graces = Authenticator::new(Key::es256());
    app.with_passkey("grace", &mut graces).await;
    let before = app.sessions().await;

    let wrong: [(&str, Break, &str); 12] = [
        ("another port", |it, _| it.origin = "http://localhost:3001".into(), REFUSED),
        ("another site", |it, _| it.origin = "https://evil.example".into(), REFUSED),
        ("a frame in another site", |it, _| it.cross_origin = true, REFUSED),
        ("another relying party", |it, _| it.rp_id = "evil.example".into(), REFUSED),
        ("an answer to another question", |it, _| it.kind = "create", REFUSED),
        ("a user who was not checked", |it, _| it.verified = false, REFUSED),
        ("a user who was not there", |it, _| it.present = false, REFUSED),
        ("the id of somebody else's passkey", |it, other| it.id.clone_from(&other.id), REFUSED),
        ("somebody else's user handle", |it, other| it.user.clone_from(&other.user), REFUSED),
        ("an unknown passkey", |it, _| it.id[0] ^= 1, UNKNOWN),
        ("a user handle of another service", |it, _| it.user = vec![7; 32], REFUSED),
        ("no user handle", |it, _| it.user.clear(), MALFORMED),
    ];
    for (what, break_it, error) in wrong {
        let copy = || (laptop.id.clone(), laptop.user.clone());
        let (id, user) = copy();
        break_it(&mut laptop, &graces);
        assert_eq!(app.try_passkey(&mut laptop).await.error(), error, "{what}");
        laptop = Authenticator { id, user, key: laptop.key, ..Authenticator::new(Key::ed_dsa()) };
        app.pass(Duration::from_mins(1));
    }
    for (part, at) in [("authenticatorData", 0), ("authenticatorData", 36), ("clientDataJSON", 40), ("signature", 9)] {
        let (challenge, options) = app.ask_for_passkey().await;
        let right = laptop.answer(&options);
        let bytes = URL_SAFE_NO_PAD.decode(right["response"][part].as_str().unwrap()).unwrap();
        for cut in [true, false] {
            let mut bytes = bytes.clone();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 0x10;
            }
            let mut answer = right.clone();
            answer["response"][part] = URL_SAFE_NO_PAD.encode(bytes).into();
            let refused = app.answer_with_passkey(&challenge, &answer).await;
            assert!([REFUSED, MALFORMED, EXPIRED].contains(&&*refused.error()), "{part} {at} {cut}: {refused:?}");
        }
    }
    assert_eq!(app.sessions().await, before);
    app.sign_in_with_passkey(&mut laptop).await;
}

#[tokio::test]
async fn an_answer_counts_once_and_only_for_its_own_question() {
    let app = TestApp::start().await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.with_passkey("ada", &mut laptop).await;
    let (challenge, options) = app.ask_for_passkey().await;
    let answer = laptop.answer(&options);
    assert_eq!(app.answer_with_passkey(&challenge, &answer).await.status, 200);
    assert_eq!(app.answer_with_passkey(&challenge, &answer).await.error(), EXPIRED, "replayed");
    let (another, _) = app.ask_for_passkey().await;
    assert_eq!(app.answer_with_passkey(&another, &answer).await.error(), REFUSED, "replayed to another question");
    let token = app.sign_in_with_passkey(&mut laptop).await.access;
    let (registers, _) = app.ask_for_new_passkey(&token).await;
    assert_eq!(app.answer_with_passkey(&registers, &answer).await.error(), EXPIRED, "a question of another kind");

    let (late, options) = app.ask_for_passkey().await;
    let answer = laptop.answer(&options);
    app.pass(Duration::from_mins(5));
    assert_eq!(app.answer_with_passkey(&late, &answer).await.error(), EXPIRED, "too late");
}

#[tokio::test]
async fn of_many_answers_to_one_question_one_starts_a_session() {
    let app = TestApp::start().await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.with_passkey("ada", &mut laptop).await;
    let before = app.sessions().await.parse::<u32>().unwrap();
    let (challenge, options) = app.ask_for_passkey().await;
    let answer = laptop.answer(&options);
    let answers = join_all((0..8).map(|_| app.answer_with_passkey(&challenge, &answer))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(app.sessions().await, (before + 1).to_string());
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_told_and_the_passkey_stays() {
    let app = TestApp::start().await;
    let mut key = Authenticator { counter: 7, synced: false, ..Authenticator::new(Key::es256()) };
    app.with_passkey("ada", &mut key).await;
    key.counter = 9;
    let token = app.sign_in_with_passkey(&mut key).await.access;
    for counter in [9, 8, 0] {
        key.counter = counter;
        assert_eq!(app.try_passkey(&mut key).await.error(), REFUSED, "{counter}");
    }
    let kinds = app.own_event_kinds(&token).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "factor_refused").count(), 3, "{kinds:?}");
    key.counter = 10;
    app.sign_in_with_passkey(&mut key).await;
}

#[tokio::test]
async fn of_two_answers_with_the_same_counter_one_is_right() {
    let app = TestApp::start().await;
    let mut key = Authenticator { counter: 1, ..Authenticator::new(Key::es256()) };
    app.with_passkey("ada", &mut key).await;
    key.counter = 2;
    let mut questions = Vec::new();
    for _ in 0..2 {
        let (challenge, options) = app.ask_for_passkey().await;
        questions.push((challenge, key.answer(&options)));
    }
    let answers =
        join_all(questions.iter().map(|(challenge, answer)| app.answer_with_passkey(challenge, answer))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_disabled_and_a_removed_user_are_refused_and_a_removed_passkey_too() {
    let app = TestApp::start().await;
    let (mut adas, mut graces, mut hedys) =
        (Authenticator::new(Key::ed_dsa()), Authenticator::new(Key::ed_dsa()), Authenticator::new(Key::ed_dsa()));
    app.with_passkey("ada", &mut adas).await;
    app.with_passkey("grace", &mut graces).await;
    let hedy = app.with_passkey("hedy", &mut hedys).await;
    let by = flows::Actor::Operator;
    flows::disable_user(&app.state, flows::Target::Name("ada"), &by).await.unwrap();
    flows::remove_user(&app.state, flows::Target::Name("grace"), &by).await.unwrap();
    let id = app.passkeys(&hedy).await[0]["id"].as_str().unwrap().to_owned();
    let authorization = crate::harness::bearer(&hedy);
    app.send("DELETE", &format!("/passkeys/{id}"), &[("authorization", &authorization)], None).await;
    for (authenticator, error) in [(&mut adas, REFUSED), (&mut graces, UNKNOWN), (&mut hedys, UNKNOWN)] {
        assert_eq!(app.try_passkey(authenticator).await.error(), error);
    }
    flows::enable_user(&app.state, flows::Target::Name("ada"), &by).await.unwrap();
    app.sign_in_with_passkey(&mut adas).await;
}

#[tokio::test]
async fn a_page_signs_in_with_the_challenge_of_its_own_browser_and_two_tabs_do_not_disturb_each_other() {
    let app = TestApp::start().await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.with_passkey("ada", &mut laptop).await;
    let first = app.call("passkey-question", None, "").await;
    let cookie = cookie_of(&first);
    assert!(cookie.starts_with("handstamp_browser="), "{cookie}");
    let attributes = first.header("set-cookie").unwrap();
    assert!(attributes.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=300"), "{attributes}");
    let second = app.call_with_cookie("passkey-question", None, &cookie, "").await;
    assert_eq!(cookie_of(&second), cookie, "one key for all tabs");
    let stranger = cookie_of(&app.call("passkey-question", None, "").await);
    for question in [&first, &second] {
        let question = question.json();
        let options: Value = serde_json::from_str(question["options"].as_str().unwrap()).unwrap();
        let passkey = encoded(&laptop.answer(&options).to_string());
        let body = format!("challenge={}&passkey={passkey}&remember=on", question["challenge"].as_str().unwrap());
        for cookie in ["", &stranger] {
            let answer = app.call_with_cookie("passkey-sign-in", None, cookie, &body).await;
            assert_eq!(answer.error(), EXPIRED, "{cookie}");
        }
        let answer = app.call_with_cookie("passkey-sign-in", None, &cookie, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.json()["refresh_token"].is_null());
        let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value);
        assert!(cookies.clone().any(|cookie| cookie.starts_with("handstamp_refresh=")), "{answer:?}");
    }
}

#[tokio::test]
async fn a_page_that_asks_for_one_user_takes_no_passkey_of_another() {
    let app = TestApp::start().await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.with_passkey("ada", &mut laptop).await;
    let before = app.sessions().await;
    for (username, error) in [("grace", Some(REFUSED)), ("ada", None)] {
        let asked = app.call("passkey-question", None, "").await;
        let question = asked.json();
        let options: Value = serde_json::from_str(question["options"].as_str().unwrap()).unwrap();
        let passkey = encoded(&laptop.answer(&options).to_string());
        let challenge = question["challenge"].as_str().unwrap();
        let body = format!("challenge={challenge}&passkey={passkey}&username={username}");
        let answer = app.call_with_cookie("passkey-sign-in", None, &cookie_of(&asked), &body).await;
        match error {
            Some(error) => {
                assert_eq!(answer.error(), error);
                assert_eq!(app.sessions().await, before);
            }
            None => assert_eq!(answer.status, 200, "{answer:?}"),
        }
    }
}

#[tokio::test]
async fn attempts_and_questions_of_one_network_are_limited() {
    let app = TestApp::start().await;
    let answer = json!({ "challenge": "x", "passkey": {} }).to_string();
    for _ in 0..ADDRESS.free {
        assert_eq!(app.post_json("/passkeys/sign-in", &answer).await.error(), EXPIRED);
    }
    let refused = app.post_json("/passkeys/sign-in", &answer).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");

    for _ in 0..PASSKEY_QUESTIONS.free {
        app.ask_for_passkey().await;
    }
    let refused = app.send("POST", "/passkeys/sign-in/options", &[], None).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("2")), "{refused:?}");
    app.pass(Duration::from_secs(2));
    app.ask_for_passkey().await;
}
