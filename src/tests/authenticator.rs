//! An authenticator in software: makes a passkey and answers with it, as Chromium writes it in JSON. Each part can be wrong.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const WITH_CREDENTIAL: u8 = 0x40;

/// The key of a passkey.
pub enum Key {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    /// Nobody asks for it.
    Es384(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

/// A device with one passkey. The next answer is made from these.
#[allow(clippy::struct_excessive_bools, reason = "each can be wrong by itself")]
pub struct Authenticator {
    pub id: Vec<u8>,
    pub key: Key,
    /// The user handle that it got when the passkey was made.
    pub user: Vec<u8>,
    /// The origin of the page that asks.
    pub origin: String,
    pub rp_id: String,
    pub cross_origin: bool,
    /// What comes behind the type `webauthn.`; empty: what is right.
    pub kind: &'static str,
    pub present: bool,
    pub verified: bool,
    pub synced: bool,
    pub counter: u32,
    /// Behind the right data: unknown to the signature if empty.
    pub trailing: Vec<u8>,
}

impl Authenticator {
    pub fn new(key: Key) -> Self {
        Self {
            id: random(32),
            key,
            user: Vec::new(),
            origin: "http://localhost:3000".into(),
            rp_id: "localhost".into(),
            cross_origin: false,
            kind: "",
            present: true,
            verified: true,
            synced: true,
            counter: 0,
            trailing: Vec::new(),
        }
    }

    /// Makes the passkey. `options`: as `navigator.credentials.create` gets them.
    pub fn register(&mut self, options: &Value) -> Value {
        self.user = URL_SAFE_NO_PAD.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16][..], &length, &self.id, &self.key.cose()].concat();
        let data = self.authenticator_data(WITH_CREDENTIAL, &credential);
        let object = [&b"\xA3cfmtdnonegattStmt\xA0hauthData"[..], &bytes(&data)].concat();
        json!({
            "id": URL_SAFE_NO_PAD.encode(&self.id),
            "rawId": URL_SAFE_NO_PAD.encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client_data("create", options)),
                "attestationObject": URL_SAFE_NO_PAD.encode(object),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "transports": ["internal"],
            },
        })
    }

    /// Answers with the passkey. `options`: as `navigator.credentials.get` gets them.
    pub fn answer(&mut self, options: &Value) -> Value {
        let (data, client_data) = (self.authenticator_data(0, &[]), self.client_data("get", options));
        let signed = [&data[..], digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        json!({
            "id": URL_SAFE_NO_PAD.encode(&self.id),
            "rawId": URL_SAFE_NO_PAD.encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "signature": URL_SAFE_NO_PAD.encode(self.key.sign(&signed)),
                "userHandle": URL_SAFE_NO_PAD.encode(&self.user),
            },
        })
    }

    fn authenticator_data(&self, more_flags: u8, credential: &[u8]) -> Vec<u8> {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.present, PRESENT)
            | flag(self.verified, VERIFIED)
            | flag(self.synced, ELIGIBLE | BACKED_UP)
            | more_flags;
        let rp_id = digest(&SHA256, self.rp_id.as_bytes());
        [rp_id.as_ref(), &[flags], &self.counter.to_be_bytes(), credential, &self.trailing].concat()
    }

    /// As browsers write it (WebAuthn, section 5.8.1.1).
    fn client_data(&self, kind: &str, options: &Value) -> String {
        let kind = if self.kind.is_empty() { kind } else { self.kind };
        let (challenge, origin, cross_origin) = (&options["challenge"], &self.origin, self.cross_origin);
        format!(
            r#"{{"type":"webauthn.{kind}","challenge":{challenge},"origin":"{origin}","crossOrigin":{cross_origin}}}"#
        )
    }
}

impl Key {
    pub fn ed_dsa() -> Self {
        Self::EdDsa(Ed25519KeyPair::generate().unwrap())
    }

    pub fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub fn es384() -> Self {
        Self::Es384(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap())
    }

    pub fn rs256() -> Self {
        Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// The public key in COSE (RFC 9053).
    fn cose(&self) -> Vec<u8> {
        match self {
            Self::EdDsa(pair) => {
                [&[0xA4, 1, 1, 3, 0x27, 0x20, 6, 0x21][..], &bytes(pair.public_key().as_ref())].concat()
            }
            Self::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                [&[0xA5, 1, 2, 3, 0x26, 0x20, 1, 0x21][..], &bytes(x), &[0x22], &bytes(y)].concat()
            }
            Self::Es384(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
                [&[0xA5, 1, 2, 3, 0x38, 0x22, 0x20, 2, 0x21][..], &bytes(x), &[0x22], &bytes(y)].concat()
            }
            Self::Rs256(pair) => {
                let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
                [&[0xA4, 1, 3, 3, 0x39, 1, 0, 0x20][..], &bytes(&modulus), &[0x21, 0x43, 1, 0, 1]].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Es256(pair) | Self::Es384(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// A byte string in CBOR.
fn bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let head = if length[0] == 0 { vec![0x58, length[1]] } else { vec![0x59, length[0], length[1]] };
    [head, bytes.to_vec()].concat()
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}
