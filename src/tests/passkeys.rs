//! A user's own passkeys: added, listed, renamed, removed. `passkeys_hostile.rs` has the wrong answers.

use std::time::Duration;

use handstamp::server::domain::security_event::EventKind;
use serde_json::{Value, json};

use crate::authenticator::{Authenticator, Key};
use crate::harness::{Answer, MORNING, PASSWORD, TestApp, bearer, part};

impl TestApp {
    /// Asks for a new passkey: the challenge, and what the browser is asked.
    pub async fn ask_for_new_passkey(&self, token: &str) -> (String, Value) {
        let answer = self.send("POST", "/passkeys/options", &[("authorization", &bearer(token))], None).await;
        asked(&answer)
    }

    /// Sends the answer with a new passkey.
    pub async fn send_new_passkey(&self, token: &str, challenge: &str, passkey: &Value, name: &str) -> Answer {
        let body = json!({ "challenge": challenge, "passkey": passkey, "name": name }).to_string();
        let headers = [("authorization", &*bearer(token)), ("content-type", "application/json")];
        self.send("POST", "/passkeys", &headers, Some(&body)).await
    }

    /// Adds the passkey of this authenticator. Returns its id.
    pub async fn add_passkey(&self, token: &str, authenticator: &mut Authenticator, name: &str) -> String {
        let (challenge, options) = self.ask_for_new_passkey(token).await;
        let answer = self.send_new_passkey(token, &challenge, &authenticator.register(&options), name).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn passkeys(&self, token: &str) -> Value {
        let answer = self.get_as("/passkeys", token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub async fn own_event_kinds(&self, token: &str) -> Vec<String> {
        let events = self.send("GET", "/api/events", &[("authorization", &bearer(token))], None).await.json();
        let events = events["events"].as_array().unwrap();
        events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    }
}

/// The challenge and the options of an answer.
pub fn asked(answer: &Answer) -> (String, Value) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["expires_in"], 300);
    (body["challenge"].as_str().unwrap().to_owned(), body["options"].clone())
}

#[tokio::test]
async fn the_browser_is_asked_for_a_discoverable_passkey_of_this_user_and_no_second_one_on_the_same_device() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (challenge, options) = app.ask_for_new_passkey(&token).await;
    assert_eq!(challenge.len(), 22);
    assert_ne!(options["challenge"], challenge, "another secret");
    assert_eq!(options["rp"], json!({ "id": "localhost", "name": "Handstamp" }));
    let user = json!({ "id": part(&token, 1)["sub"], "name": "ada", "displayName": "ada" });
    assert_eq!(options["user"], user, "the user handle says nothing but the id");
    let algorithms = options["pubKeyCredParams"].as_array().unwrap().iter().map(|kind| &kind["alg"]);
    assert_eq!(algorithms.collect::<Vec<_>>(), [-8, -7, -257]);
    let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "preferred" });
    assert_eq!(options["authenticatorSelection"], selection);
    assert_eq!((&options["attestation"], &options["excludeCredentials"]), (&json!("none"), &json!([])));

    let id = app.add_passkey(&token, &mut Authenticator::new(Key::ed_dsa()), "").await;
    let (_, options) = app.ask_for_new_passkey(&token).await;
    let excluded = json!([{ "type": "public-key", "id": id, "transports": ["internal"] }]);
    assert_eq!(options["excludeCredentials"], excluded);
}

#[tokio::test]
async fn a_passkey_has_a_name_a_day_and_a_last_use() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    let id = app.add_passkey(&token, &mut laptop, " Ada's laptop ").await;
    let listed = json!({
        "id": id, "name": "Ada's laptop", "synced": true, "quiet": false, "created_at": MORNING, "last_used_at": null,
    });
    assert_eq!(app.passkeys(&token).await, json!([listed]));

    app.pass(Duration::from_mins(1));
    app.sign_in_with_passkey(&mut laptop).await;
    assert_eq!(app.passkeys(&token).await[0]["last_used_at"], MORNING + 60);

    app.pass(Duration::from_mins(1));
    let mut key = Authenticator { synced: false, ..Authenticator::new(Key::es256()) };
    app.add_passkey(&token, &mut key, "").await;
    let second = &app.passkeys(&token).await[1];
    assert_eq!((&second["synced"], &second["name"]), (&json!(false), &json!("ureq")), "the name of the device");
    assert_eq!(app.own_event_kinds(&token).await[..2], ["factor_added", "signed_in"]);
}

#[tokio::test]
async fn only_its_owner_renames_and_removes_a_passkey() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.somebody("ada").await, app.somebody("grace").await);
    let id = app.add_passkey(&ada, &mut Authenticator::new(Key::ed_dsa()), "laptop").await;
    let path = format!("/passkeys/{id}");
    let rename = async |token: &str, name: &str| {
        let headers = [("authorization", &*bearer(token)), ("content-type", "application/json")];
        app.send("PATCH", &path, &headers, Some(&json!({ "name": name }).to_string())).await
    };
    let remove = async |token: &str| app.send("DELETE", &path, &[("authorization", &bearer(token))], None).await;

    assert_eq!(rename(&grace, "mine").await.error(), "404 not_found Not found");
    assert_eq!(remove(&grace).await.error(), "404 not_found Not found");
    assert_eq!(app.passkeys(&grace).await, json!([]));
    assert_eq!(rename(&ada, "").await.error(), "400 invalid_request Malformed request");
    assert_eq!(rename(&ada, "desk").await.json(), json!({ "msg": "Passkey renamed" }));
    assert_eq!(app.passkeys(&ada).await[0]["name"], "desk");

    assert_eq!(remove(&ada).await.json(), json!({ "msg": "Passkey removed" }));
    assert_eq!(app.passkeys(&ada).await, json!([]));
    assert_eq!(remove(&ada).await.error(), "404 not_found Not found");
    assert_eq!(app.own_event_kinds(&ada).await[..2], ["factor_removed", "factor_added"]);
}

#[tokio::test]
async fn adding_and_removing_need_a_fresh_token() {
    let app = TestApp::start().await;
    let tokens = app.tokens_of_new_user("ada").await;
    let id = app.add_passkey(&tokens.access, &mut Authenticator::new(Key::ed_dsa()), "").await;
    app.pass(Duration::from_mins(11));
    let stale = app.refresh(&tokens.refresh).await.tokens().access;
    for (method, path) in [("POST", "/passkeys/options"), ("POST", "/passkeys"), ("DELETE", &format!("/passkeys/{id}"))]
    {
        let headers = [("authorization", &*bearer(&stale)), ("content-type", "application/json")];
        let answer = app.send(method, path, &headers, Some("{}")).await;
        assert_eq!(answer.error(), "401 fresh_token_required Fresh token required", "{method} {path}");
    }
    assert_eq!(app.passkeys(&stale).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_session_that_adds_a_passkey_is_recognised_by_both_at_its_next_refresh_and_no_other() {
    let app = TestApp::start().await;
    let (tokens, other) = (app.tokens_of_new_user("ada").await, app.tokens("ada").await);
    app.add_passkey(&tokens.access, &mut Authenticator::new(Key::ed_dsa()), "").await;
    let claims = part(&app.refresh(&tokens.refresh).await.tokens().access, 1);
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd", "swk", "user", "mfa"]), &json!("aal2")));
    let claims = part(&app.refresh(&other.refresh).await.tokens().access, 1);
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd"]), &json!("aal1")));

    let login = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let answer = app.post_json("/login", &login).await;
    assert_eq!(answer.json()["code"], "second_factor_required");
    assert_eq!(answer.json()["methods"], json!(["passkey"]));
}

#[tokio::test]
async fn a_passkey_that_the_browser_made_quietly_changes_no_sign_in_with_a_password() {
    let app = TestApp::start().await;
    let tokens = app.tokens_of_new_user("ada").await;
    let answer = app.call("new-passkey-question", Some(&tokens.access), "quietly=true").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let question = answer.json();
    let options: Value = serde_json::from_str(question["options"].as_str().unwrap()).unwrap();
    // The browser asks nobody, so it can say of nobody that they were there.
    let mut made = Authenticator { present: false, verified: false, ..Authenticator::new(Key::ed_dsa()) };
    let passkey = made.register(&options).to_string();
    let body = format!("challenge={}&passkey={}", question["challenge"].as_str().unwrap(), encoded(&passkey));
    let cookie = cookie_of(&answer);
    let added = app.call_with_cookie("add-passkey", Some(&tokens.access), &cookie, &body).await;
    assert_eq!(added.status, 200, "{added:?}");
    assert_eq!(added.json()["quiet"], true);
    let codes = app.send("POST", "/recovery-codes", &[("authorization", &bearer(&tokens.access))], None).await;
    assert_eq!(codes.error(), "404 not_found Not found", "there is no second factor that they could stand in for");

    let claims = part(&app.refresh(&tokens.refresh).await.tokens().access, 1);
    assert_eq!(claims["acr"], "aal1", "nobody was asked");
    app.login("ada").await;
    // It signs in like every other.
    let mut asked = Authenticator { present: true, verified: true, ..made };
    app.sign_in_with_passkey(&mut asked).await;
}

#[tokio::test]
async fn a_browser_may_make_a_passkey_quietly_only_right_after_a_password_for_a_user_who_has_none() {
    let app = TestApp::start().await;
    let may = async |token: &str| app.get_as("/api/greeting", token).await.json()["may_add_passkey"].clone();
    let tokens = app.tokens_of_new_user("ada").await;
    assert_eq!(may(&tokens.access).await, true);
    app.pass(Duration::from_secs(46));
    assert_eq!(may(&tokens.access).await, false, "too late");
    let renewed = app.refresh(&tokens.refresh).await.tokens().access;
    assert_eq!(may(&renewed).await, false, "a renewal is no sign-in");

    let again = app.login("ada").await;
    let mut laptop = Authenticator::new(Key::ed_dsa());
    app.add_passkey(&again, &mut laptop, "").await;
    assert_eq!(may(&again).await, false, "the user has one");
    let by_passkey = app.sign_in_with_passkey(&mut laptop).await.access;
    assert_eq!(may(&by_passkey).await, false);
    let id = app.passkeys(&by_passkey).await[0]["id"].as_str().unwrap().to_owned();
    app.send("DELETE", &format!("/passkeys/{id}"), &[("authorization", &bearer(&by_passkey))], None).await;
    assert_eq!(may(&by_passkey).await, false, "no password was typed");

    let nowhere = TestApp::start_with(&[("PUBLIC_URL", "http://127.0.0.1:3000")]).await;
    let token = nowhere.somebody("ada").await;
    assert_eq!(nowhere.get_as("/api/greeting", &token).await.json()["may_add_passkey"], false);
}

#[tokio::test]
async fn a_session_of_the_password_alone_neither_adds_nor_removes_a_passkey_of_an_account_that_has_one() {
    const REFUSED: &str = "401 fresh_token_required Fresh token required";
    let app = TestApp::start().await;
    let before = app.somebody("ada").await;
    let adding = app.login("ada").await;
    let (challenge, options) = app.ask_for_new_passkey(&before).await;
    let id = app.add_passkey(&adding, &mut Authenticator::new(Key::ed_dsa()), "").await;

    let asked = app.send("POST", "/passkeys/options", &[("authorization", &bearer(&before))], None).await;
    assert_eq!(asked.error(), REFUSED);
    let passkey = Authenticator::new(Key::ed_dsa()).register(&options);
    assert_eq!(app.send_new_passkey(&before, &challenge, &passkey, "").await.error(), REFUSED, "asked before");
    let path = format!("/passkeys/{id}");
    let remove = async |token: &str| app.send("DELETE", &path, &[("authorization", &bearer(token))], None).await;
    assert_eq!(remove(&before).await.error(), REFUSED);
    // The session in which it was added has shown it.
    assert_eq!(remove(&adding).await.status, 200);
    assert_eq!(app.send("POST", "/passkeys/options", &[("authorization", &bearer(&before))], None).await.status, 200);
}

#[tokio::test]
async fn recovery_codes_go_with_the_last_second_factor() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let user = part(&token, 1)["sub"].as_str().unwrap().to_owned();
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(app.add_passkey(&token, &mut Authenticator::new(Key::ed_dsa()), "").await);
    }
    app.execute(&format!("INSERT INTO recovery_codes (code_hash, user_id) VALUES ('x', '{user}')")).await;
    for (id, left) in ids.iter().zip(["1", "0"]) {
        let path = format!("/passkeys/{id}");
        assert_eq!(app.send("DELETE", &path, &[("authorization", &bearer(&token))], None).await.status, 200);
        assert_eq!(app.sql("SELECT CAST(COUNT(*) AS TEXT) FROM recovery_codes").await, [left]);
    }
}

#[tokio::test]
async fn a_server_whose_public_url_is_an_address_says_that_it_has_no_passkeys() {
    let app = TestApp::start_with(&[("PUBLIC_URL", "http://127.0.0.1:3000")]).await;
    let token = app.somebody("ada").await;
    let unavailable = "409 passkeys_unavailable Passkeys need a name as the host of PUBLIC_URL";
    let ask = app.send("POST", "/passkeys/options", &[("authorization", &bearer(&token))], None).await;
    assert_eq!(ask.error(), unavailable);
    assert_eq!(app.send("POST", "/passkeys/sign-in/options", &[], None).await.error(), unavailable);
    let answer = app.post_json("/passkeys/sign-in", r#"{"challenge":"x","passkey":{}}"#).await;
    assert_eq!(answer.error(), unavailable);
    assert_eq!(app.passkeys(&token).await, json!([]));
    let answer = app.send("GET", "/api/passkeys", &[("authorization", &bearer(&token))], None).await;
    assert_eq!(answer.json()["rp_id"], Value::Null);
}

#[tokio::test]
async fn a_passkey_is_of_the_parent_domain_if_the_operator_says_so() {
    let settings = [("PUBLIC_URL", "https://id.example.org"), ("WEBAUTHN_RP_ID", "example.org")];
    let app = TestApp::start_with(&settings).await;
    let token = app.somebody("ada").await;
    let mut laptop = Authenticator {
        origin: "https://id.example.org".into(),
        rp_id: "example.org".into(),
        ..Authenticator::new(Key::es256())
    };
    app.add_passkey(&token, &mut laptop, "").await;
    app.sign_in_with_passkey(&mut laptop).await;
}

#[tokio::test]
async fn no_passkey_is_added_to_an_account_that_was_disabled_meanwhile() {
    let app = TestApp::start().await;
    let token = app.somebody("ada").await;
    let (challenge, options) = app.ask_for_new_passkey(&token).await;
    app.execute("UPDATE users SET disabled_at = 1").await;
    let passkey = Authenticator::new(Key::ed_dsa()).register(&options);
    let answer = app.send_new_passkey(&token, &challenge, &passkey, "").await;
    assert_eq!(answer.error(), "400 passkey_not_added Passkey could not be added");
    assert_eq!(app.passkeys(&token).await, json!([]));
    let events = app.state.store.list_events(None, &handstamp::server::store::events::Before::NEWEST, 9).await.unwrap();
    assert!(events.iter().all(|event| event.kind != EventKind::FactorAdded), "{events:?}");
}

/// The cookie of an answer, as a browser sends it back.
pub fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

/// A text in a form.
pub fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
