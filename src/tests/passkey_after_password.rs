//! A passkey as the second factor, after the right password: the question, and how its answer is judged.

use handstamp::server::domain::challenge::ChallengeId;
use handstamp::server::domain::ids::UserId;
use handstamp::server::flows::{PasskeyError, judge_second_passkey};
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, Key};
use crate::harness::{Answer, PASSWORD, TestApp, part};

const WRONG: &str = "401 bad_second_factor Second factor is wrong";
const EXPIRED: &str = "401 challenge_expired Challenge is not valid; sign in again";

impl TestApp {
    /// Makes a user with this passkey.
    async fn with_second_factor(&self, name: &str, authenticator: &mut Authenticator) -> UserId {
        let token = self.somebody(name).await;
        self.add_passkey(&token, authenticator, "").await;
        UserId::parse(part(&token, 1)["sub"].as_str().unwrap()).unwrap()
    }

    /// Signs in with the password. Returns the challenge.
    async fn challenge_of(&self, name: &str) -> String {
        let login = json!({ "username": name, "password": PASSWORD }).to_string();
        let answer = self.post_json("/login", &login).await;
        assert_eq!(answer.json()["methods"], json!(["passkey"]), "{answer:?}");
        answer.json()["challenge"].as_str().unwrap().to_owned()
    }

    /// Asks for the passkey.
    async fn second_question(&self, challenge: &str) -> Value {
        let body = json!({ "challenge": challenge }).to_string();
        let answer = self.post_json("/login/second-factor/options", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["options"].clone()
    }

    /// Answers a challenge with a passkey at the door.
    async fn answer_with(&self, challenge: &str, passkey: &Value) -> Answer {
        self.post_json("/login/second-factor", &json!({ "challenge": challenge, "passkey": passkey }).to_string()).await
    }

    /// How the answer is judged: the methods of the sign-in, or the word of the error.
    async fn judged(&self, user: UserId, challenge: &str, answer: &Value) -> String {
        let challenge = ChallengeId::from_client(challenge);
        match judge_second_passkey(&self.state, user, &challenge, &answer.to_string()).await {
            Ok(methods) => methods.to_string(),
            Err(PasskeyError::Refused) => "refused".into(),
            Err(PasskeyError::Malformed) => "malformed".into(),
            Err(PasskeyError::ChallengeExpired) => "expired".into(),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn the_users_own_passkeys_are_asked_for_and_one_is_enough_even_without_a_check_of_the_user() {
    let app = TestApp::start().await;
    let mut key = Authenticator { verified: false, synced: false, ..Authenticator::new(Key::es256()) };
    let user = app.with_second_factor("ada", &mut key).await;
    let challenge = app.challenge_of("ada").await;
    let options = app.second_question(&challenge).await;
    assert_eq!(options["userVerification"], "preferred");
    let allowed = options["allowCredentials"].as_array().unwrap();
    assert_eq!((allowed.len(), &allowed[0]["transports"]), (1, &json!(["internal"])));
    assert_eq!(app.judged(user, &challenge, &key.answer(&options)).await, "pwd hwk mfa");

    let mut checked = Authenticator { verified: true, ..key };
    let options = app.second_question(&challenge).await;
    assert_eq!(app.judged(user, &challenge, &checked.answer(&options)).await, "pwd hwk user mfa");
    // A security key writes no user handle if it was told which passkey to use.
    let options = app.second_question(&challenge).await;
    let mut answer = checked.answer(&options);
    answer["response"]["userHandle"] = Value::Null;
    assert_eq!(app.judged(user, &challenge, &answer).await, "pwd hwk user mfa");
}

#[tokio::test]
async fn the_door_of_second_factors_takes_a_passkey_once() {
    let app = TestApp::start().await;
    let mut key = Authenticator::new(Key::es256());
    app.with_second_factor("ada", &mut key).await;
    let challenge = app.challenge_of("ada").await;
    assert_eq!(app.answer_with(&challenge, &json!({})).await.error(), WRONG, "nothing was asked");
    let answer = key.answer(&app.second_question(&challenge).await);
    let malformed = app.answer_with(&challenge, &json!({ "id": "x" })).await;
    assert_eq!(malformed.error(), "400 invalid_request Malformed request");
    assert_eq!(app.answer_with(&challenge, &answer).await.error(), WRONG, "its question was answered, malformed");

    let mut strangers =
        Authenticator { id: key.id.clone(), user: key.user.clone(), ..Authenticator::new(Key::es256()) };
    let forged = strangers.answer(&app.second_question(&challenge).await);
    assert_eq!(app.answer_with(&challenge, &forged).await.error(), WRONG);
    let answer = key.answer(&app.second_question(&challenge).await);
    let tokens = app.answer_with(&challenge, &answer).await.tokens();
    assert_eq!(part(&tokens.access, 1)["amr"], json!(["pwd", "swk", "user", "mfa"]));
    assert_eq!(part(&tokens.access, 1)["acr"], "aal2");
    let kinds = app.own_event_kinds(&tokens.access).await;
    assert_eq!(kinds[..4], ["signed_in", "factor_refused", "factor_refused", "factor_refused"]);
    assert_eq!(app.answer_with(&challenge, &answer).await.error(), EXPIRED);
    let both = json!({ "challenge": app.challenge_of("ada").await, "passkey": answer, "totp": "123456" });
    let refused = app.post_json("/login/second-factor", &both.to_string()).await;
    assert_eq!(refused.error(), "400 invalid_request Malformed request");
}

#[tokio::test]
async fn an_answer_counts_once_for_its_own_question_and_user() {
    let app = TestApp::start().await;
    let (mut adas, mut graces) = (Authenticator::new(Key::ed_dsa()), Authenticator::new(Key::ed_dsa()));
    let ada = app.with_second_factor("ada", &mut adas).await;
    let grace = app.with_second_factor("grace", &mut graces).await;
    let challenge = app.challenge_of("ada").await;
    assert_eq!(app.judged(ada, &challenge, &json!({})).await, "expired", "nothing was asked");

    let first = app.second_question(&challenge).await;
    let second = app.second_question(&challenge).await;
    assert_eq!(app.judged(ada, &challenge, &adas.answer(&first)).await, "refused", "it was asked again since");
    assert_eq!(app.judged(ada, &challenge, &adas.answer(&second)).await, "expired", "it was answered");

    let options = app.second_question(&challenge).await;
    assert_eq!(app.judged(grace, &challenge, &graces.answer(&options)).await, "expired", "the question is ada's");
    for (what, id, user) in [
        ("somebody else's passkey", graces.id.clone(), graces.user.clone()),
        ("somebody else's passkey with her own user handle", graces.id.clone(), adas.user.clone()),
        ("her own id with somebody else's key", adas.id.clone(), adas.user.clone()),
    ] {
        let options = app.second_question(&challenge).await;
        let mut swapped = Authenticator { id, user, ..Authenticator::new(Key::ed_dsa()) };
        if what.starts_with("somebody") {
            std::mem::swap(&mut swapped.key, &mut graces.key);
        }
        let answer = swapped.answer(&options);
        if what.starts_with("somebody") {
            std::mem::swap(&mut swapped.key, &mut graces.key);
        }
        assert_eq!(app.judged(ada, &challenge, &answer).await, "refused", "{what}");
    }
    let options = app.second_question(&challenge).await;
    assert_eq!(app.judged(ada, &challenge, &json!({ "id": "x" })).await, "malformed");
    assert_eq!(app.judged(ada, &challenge, &adas.answer(&options)).await, "expired", "answered, even if malformed");
}

#[tokio::test]
async fn nothing_is_asked_without_a_challenge_of_a_password() {
    let app = TestApp::start().await;
    app.with_second_factor("ada", &mut Authenticator::new(Key::ed_dsa())).await;
    let (passkeys, _) = app.ask_for_passkey().await;
    for challenge in ["", "x", &passkeys] {
        let body = json!({ "challenge": challenge }).to_string();
        assert_eq!(app.post_json("/login/second-factor/options", &body).await.error(), EXPIRED, "{challenge}");
    }
    let answer = app.call("second-factor-question", None, "").await;
    assert_eq!(answer.error(), EXPIRED, "no cookie");

    let challenge = app.challenge_of("ada").await;
    let cookie = format!("handstamp_challenge={challenge}");
    let asked = app.call_with_cookie("asked-factors", None, &cookie, "").await;
    assert_eq!(asked.json(), json!({ "totp": false, "passkeys": 1, "recovery_codes": 0, "kept": false }));
    let answer = app.call_with_cookie("second-factor-question", None, &cookie, "").await;
    let options: Value = serde_json::from_str(answer.json()["options"].as_str().unwrap()).unwrap();
    assert_eq!(options["allowCredentials"].as_array().map(Vec::len), Some(1));
    app.pass(std::time::Duration::from_mins(5));
    for door in ["asked-factors", "second-factor-question"] {
        assert_eq!(app.call_with_cookie(door, None, &cookie, "").await.error(), EXPIRED, "{door}");
    }
}
