//! The answers of browsers about passkeys.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use handstamp::server::domain::ids::{ID_BYTES, UserId};
use handstamp::server::domain::passkey::{Credential, Passkey, PasskeyId, PasskeyName};
use handstamp::server::domain::passkey_ceremonies::{
    SignInAnswer, WrongAnswer, ask_after_password, ask_to_register, ask_to_sign_in, judge_after_password,
    judge_registration,
};
use handstamp::server::domain::relying_party::RelyingParty;
use handstamp::server::domain::web_origins::WebOrigins;
use serde_json::Value;

use super::NOW;

/// The answer of a browser about a passkey. The first byte chooses the question, or a part of an answer that is right
/// otherwise: CBOR and JSON inside of JSON. Returns whether all of it could be read, so that the challenges were compared.
///
/// No answer is right, because every question has a challenge of its own.
pub fn passkey(bytes: &[u8]) -> bool {
    let Some((choice, rest)) = bytes.split_first() else { return false };
    let text = String::from_utf8_lossy(rest);
    let part = |name: &str| {
        let mut answer = REGISTRATION.clone();
        answer["response"][name] = URL_SAFE_NO_PAD.encode(rest).into();
        answer
    };
    let register = |answer: &str| {
        let asked = ask_to_register(&PARTY, (PASSKEY.user_id, "ada"), &[], false).unwrap();
        judge_registration(&PARTY, &asked.state, answer).err()
    };
    let sign_in = |answer: &str| {
        let asked = ask_to_sign_in(&PARTY).unwrap();
        SignInAnswer::parse(answer).and_then(|answer| answer.judge(&PARTY, &asked.state, &PASSKEY)).err()
    };
    let wrong = match choice {
        0 => register(&text),
        1 => sign_in(&text),
        2 => {
            let asked = ask_after_password(&PARTY, std::slice::from_ref(&PASSKEY)).unwrap();
            judge_after_password(&PARTY, &asked.state, &text, std::slice::from_ref(&PASSKEY)).err()
        }
        3 => register(&part("attestationObject").to_string()),
        4 => register(&part("clientDataJSON").to_string()),
        5 => {
            let mut answer = part("authenticatorData");
            answer["response"]["signature"] = "AA".into();
            answer["response"]["userHandle"] = PASSKEY.user_id.to_string().into();
            sign_in(&answer.to_string())
        }
        _ => {
            let stored = Credential::from_stored(&text);
            assert!(stored.as_ref().is_none_or(|stored| stored.to_stored() == text), "there is one spelling");
            return stored.is_some();
        }
    };
    let wrong = wrong.expect("an answer to another question is right");
    matches!(wrong, WrongAnswer::Refused(why) if why.contains("challenge"))
}

static PARTY: LazyLock<RelyingParty> =
    LazyLock::new(|| RelyingParty::of("http://localhost:38655", None, WebOrigins::default()).unwrap().unwrap());

/// What Chromium 156 answered once, with a public key of the user whose id is all zeros.
static REGISTRATION: LazyLock<Value> = LazyLock::new(|| {
    let mut answer: Value =
        serde_json::from_slice(&include_bytes!("corpus/passkey/chromium_registration")[1..]).unwrap();
    // Copies of what is in the attestation object.
    for copy in ["authenticatorData", "publicKey", "publicKeyAlgorithm"] {
        answer["response"].as_object_mut().unwrap().remove(copy);
    }
    answer
});

static PASSKEY: LazyLock<Passkey> = LazyLock::new(|| {
    let object = REGISTRATION["response"]["attestationObject"].as_str().unwrap();
    let key = URL_SAFE_NO_PAD.decode(object).unwrap();
    // As `Credential::to_stored` writes an Ed25519 key, which ends the object.
    let stored = [&[0, 1, 1, 0, 0, 0, 0, 0, 0][..], &key[key.len() - 32..], &[0, 0]].concat();
    Passkey {
        id: PasskeyId::parse(REGISTRATION["id"].as_str().unwrap()).unwrap(),
        user_id: UserId::from_random([0; ID_BYTES]),
        name: PasskeyName::of_device(""),
        credential: Credential::from_stored(&URL_SAFE_NO_PAD.encode(stored)).unwrap(),
        quiet: false,
        created_at: NOW,
        last_used_at: None,
    }
});
