//! An authenticator app for the specs: a second implementation of RFC 6238, and the steps of a user who has one.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use serde_json::{Value, json};

use crate::harness::{Answer, PASSWORD, TestApp, bearer};
use crate::logs;

const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The app: it knows the secret that the user has typed into it.
pub struct Authenticator {
    secret: Vec<u8>,
}

impl Authenticator {
    pub fn new(typed: &str) -> Self {
        let bits: Vec<_> = typed.chars().map(|letter| format!("{:05b}", BASE32.find(letter).unwrap())).collect();
        let bits = bits.concat();
        let bytes = bits.as_bytes().chunks_exact(8).map(|byte| std::str::from_utf8(byte).unwrap());
        Self { secret: bytes.map(|byte| u8::from_str_radix(byte, 2).unwrap()).collect() }
    }

    /// The code that the app shows at this time.
    pub fn code(&self, at: i64) -> String {
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let mac = sign(&key, &(at / 30).to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac[19] & 15);
        let number = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// A user with an app.
pub struct Enrolled {
    pub name: String,
    pub authenticator: Authenticator,
    pub recovery_codes: Vec<String>,
    /// The access token of the session that set up the app, from before.
    pub token: String,
    /// Its refresh token.
    pub refresh: String,
}

impl TestApp {
    /// Adds a user who sets up an app. The first code is used; the clock moves on to the next one.
    pub async fn enrolled(&self, name: &str) -> Enrolled {
        self.add_user(name).await;
        self.enrol(name).await
    }

    /// Sets up an app for an existing user.
    pub async fn enrol(&self, name: &str) -> Enrolled {
        let tokens = self.tokens(name).await;
        let authenticator = self.begin_totp(&tokens.access).await;
        let confirmed = self.confirm_totp(&tokens.access, &authenticator.code(self.time())).await;
        let recovery_codes = recovery_codes(&confirmed);
        self.next_code();
        Enrolled { name: name.into(), authenticator, recovery_codes, token: tokens.access, refresh: tokens.refresh }
    }

    /// Asks for a secret, and types it into an app.
    pub async fn begin_totp(&self, token: &str) -> Authenticator {
        let begun = self.send("POST", "/totp", &[("authorization", &bearer(token))], None).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        let secret = begun.json()["secret"].as_str().unwrap().to_owned();
        logs::keep_secret(&secret);
        Authenticator::new(&secret)
    }

    pub async fn confirm_totp(&self, token: &str, code: &str) -> Answer {
        let headers = [("authorization", &*bearer(token)), ("content-type", "application/json")];
        self.send("POST", "/totp/confirm", &headers, Some(&json!({ "code": code }).to_string())).await
    }

    /// Sends the right password; the answer asks for the second factor.
    pub async fn challenge(&self, name: &str) -> String {
        let body = json!({ "username": name, "password": PASSWORD, "remember": true }).to_string();
        let asked = self.post_json("/login", &body).await;
        assert_eq!(asked.status, 401, "{asked:?}");
        assert_eq!(asked.json()["code"], "second_factor_required", "{asked:?}");
        asked.json()["challenge"].as_str().unwrap().to_owned()
    }

    pub async fn answer_totp(&self, challenge: &str, code: &str) -> Answer {
        self.answer_challenge(json!({ "challenge": challenge, "totp": code })).await
    }

    pub async fn answer_recovery(&self, challenge: &str, code: &str) -> Answer {
        self.answer_challenge(json!({ "challenge": challenge, "recovery_code": code })).await
    }

    pub async fn answer_challenge(&self, body: Value) -> Answer {
        self.post_json("/login/second-factor", &body.to_string()).await
    }

    /// Signs in with password and code, each time with the next code.
    pub async fn sign_in_with_code(&self, user: &Enrolled) -> Answer {
        let challenge = self.challenge(&user.name).await;
        let answer = self.answer_totp(&challenge, &user.authenticator.code(self.time())).await;
        self.next_code();
        answer
    }

    pub fn time(&self) -> i64 {
        self.clock.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Lets time pass until the app shows another code.
    pub fn next_code(&self) {
        self.pass(std::time::Duration::from_secs(30));
    }

    /// The kinds of the events of a user, newest first.
    pub async fn event_kinds(&self, name: &str) -> Vec<String> {
        self.sql(&format!("SELECT kind FROM security_events WHERE username = '{name}' ORDER BY seq DESC, id DESC"))
            .await
    }
}

pub fn recovery_codes(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let codes: Vec<String> = serde_json::from_value(answer.json()["recovery_codes"].clone()).unwrap();
    for code in &codes {
        logs::keep_secret(code);
    }
    codes
}

#[test]
fn the_app_of_the_specs_shows_the_codes_of_the_rfc() {
    let app = Authenticator::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(app.code(59), "287082");
    assert_eq!(app.code(1_111_111_109), "081804");
    assert_eq!(app.code(20_000_000_000), "353130");
}
