//! Forged tokens, over HTTP: rows T1 to T12 and T15 of the security requirements. Each is sent to a protected door, and
//! to `/introspect`, which answers only that it is not active (S15).
//!
//! The specs assume the worst case: the attacker has the right key, unless the spec says otherwise. A signature proves
//! who signed, but not that the rest of the token is right.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::harness::{MORNING, SECRET, TestApp, part};

const INVALID: &str = "401 invalid_token Invalid token";
const BAD_SIGNATURE: &str = "401 invalid_token Signature verification failed";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign(header: &str, claims: impl AsRef<[u8]>) -> String {
    sign_with(SECRET.as_bytes(), header, claims)
}

fn sign_with(secret: &[u8], header: &str, claims: impl AsRef<[u8]>) -> String {
    let signed = format!("{}.{}", b64(header), b64(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", b64(tag))
}

/// A valid token of a signed-in user, and its parts to change.
struct Honest {
    app: TestApp,
    /// The `Authorization` header of another service.
    client: String,
    token: String,
    header: Value,
    claims: Value,
}

impl Honest {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(settings: &[(&str, &str)]) -> Self {
        let app = TestApp::start_with(settings).await;
        let client = app.client("billing").await;
        let client = format!("Basic {}", STANDARD.encode(format!("{}:{}", client.name, client.secret)));
        let token = app.somebody("ada").await;
        let (header, claims) = (part(&token, 0), part(&token, 1));
        Self { app, client, token, header, claims }
    }

    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        sign(&header.to_string(), self.claims.to_string())
    }

    fn with_claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        sign(&self.header.to_string(), claims.to_string())
    }

    /// Writes the value of a claim in another form, which JSON libraries may read as the same.
    fn with_claim_written(&self, name: &str, written: &str) -> String {
        let honest = format!(r#""{name}":{}"#, self.claims[name]);
        let claims = self.claims.to_string();
        assert!(claims.contains(&honest), "{claims}");
        sign(&self.header.to_string(), claims.replace(&honest, &format!(r#""{name}":{written}"#)))
    }

    async fn accepted(&self, what: &str, token: &str) {
        assert_eq!(self.app.protected(token).await.status, 200, "{what}");
    }

    async fn refused(&self, what: &str, token: &str, expected: &str) {
        assert_eq!(self.app.protected(token).await.error(), expected, "{what}");
        // As JSON: a form would encode some of the characters.
        let headers = [("authorization", self.client.as_str()), ("content-type", "application/json")];
        let body = json!({ "token": token }).to_string();
        let answer = self.app.send("POST", "/introspect", &headers, Some(&body)).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"active":false}"#), "{what}");
    }

    /// Checks that the valid token still works after all that.
    async fn still_works(&self) {
        assert_eq!(self.app.protected(&self.token).await.status, 200);
    }
}

#[tokio::test]
async fn bending_an_honest_token_without_changing_it_is_accepted() {
    // The control: the tokens of the other specs differ from an accepted one only by the change that they make.
    let honest = Honest::start().await;
    honest.accepted("the same", &sign(&honest.header.to_string(), honest.claims.to_string())).await;
    honest.accepted("one claim more, of arrays", &honest.with_claim("a", json!([[[1]]]))).await;
    for name in ["exp", "nbf", "iat"] {
        let same = honest.with_claim_written(name, &honest.claims[name].to_string());
        honest.accepted(name, &same).await;
    }
}

#[tokio::test]
async fn a1_t1_t2_the_header_does_not_choose_the_algorithm() {
    let honest = Honest::start().await;
    let algs = [
        "none", "None", "NONE", "nOnE", "none ", " none", "none\0", "\0none", "", " HS256", "HS256 ", "HS256\0",
        "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", "Ed25519",
    ];
    for alg in algs {
        honest.refused(alg, &honest.with_header("alg", json!(alg)), INVALID).await;
        let (unsigned, _) =
            honest.with_header("alg", json!(alg)).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.len())).unwrap();
        honest.refused(alg, &format!("{unsigned}."), INVALID).await;
    }
    for alg in [Value::Null, json!(7), json!(["HS256"]), json!({"HS256": true})] {
        honest.refused("alg type", &honest.with_header("alg", alg), INVALID).await;
    }
    honest.still_works().await;
}

#[tokio::test]
async fn a4_a12_t3_t5_a_header_that_brings_a_key_or_an_extension_is_refused() {
    let honest = Honest::start().await;
    let members = [
        ("jwk", json!({"kty": "oct", "k": b64(SECRET)})),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("file:///etc/passwd")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("abc")),
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!("exp")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("cty", json!("JWT")),
        ("anything", json!(1)),
    ];
    for (name, value) in members {
        honest.refused(name, &honest.with_header(name, value), INVALID).await;
    }
    honest.still_works().await;
}

#[tokio::test]
async fn a3_t4_a_key_id_is_looked_up_and_never_interpreted() {
    let honest = Honest::start().await;
    let kids = [
        json!(""),
        json!("../../dev/null"),
        json!("/dev/null"),
        json!("' UNION SELECT '1"),
        json!("|sleep 10"),
        json!("$(sleep 10)"),
        json!("a\u{0}b"),
        json!("a\r\nb"),
        // More bytes than a header may have, and fewer.
        json!("k".repeat(2000)),
        json!("k".repeat(300)),
        json!(7),
        Value::Null,
        json!(["x"]),
    ];
    for kid in kids {
        honest.refused(&kid.to_string(), &honest.with_header("kid", kid.clone()), INVALID).await;
    }
    let mut header = honest.header.clone();
    header.as_object_mut().unwrap().remove("kid");
    honest.refused("no kid", &sign(&header.to_string(), honest.claims.to_string()), INVALID).await;
    honest.still_works().await;
}

#[tokio::test]
async fn a5_a14_t6_t7_there_is_one_spelling_of_a_token() {
    let honest = Honest::start().await;
    let mut token = honest.token.clone();
    // One signature in four has none of the two characters that differ between the alphabets.
    while !token.rsplit('.').next().unwrap().contains(['-', '_']) {
        token = honest.app.login("ada").await;
    }
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let in_standard = signature.replace('-', "+").replace('_', "/");
    // The last character of the signature has unused bits: there is another spelling of the same bytes.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let twin = alphabet.chars().nth(alphabet.find(last).unwrap() ^ 1).unwrap();

    for (what, bent, expected) in [
        ("padding", format!("{token}="), INVALID),
        ("unused bits", format!("{}{twin}", &token[..token.len() - 1]), BAD_SIGNATURE),
        ("two parts", format!("{header}.{claims}"), INVALID),
        ("four parts", format!("{token}.x"), INVALID),
        ("five parts", format!("{token}.x.y"), INVALID),
        ("empty signature", format!("{header}.{claims}."), BAD_SIGNATURE),
        ("cut signature", token[..token.len() - 4].to_owned(), BAD_SIGNATURE),
        ("doubled signature", format!("{token}{signature}"), BAD_SIGNATURE),
        ("zeros", format!("{header}.{claims}.{}", b64([0; 32])), BAD_SIGNATURE),
        ("empty header", format!(".{claims}.{signature}"), INVALID),
        ("standard alphabet", format!("{header}.{claims}.{in_standard}"), INVALID),
        ("JSON serialisation", format!(r#"{{"signature":"{signature}"}}"#), INVALID),
    ] {
        honest.refused(what, &bent, expected).await;
    }
    honest.accepted("the one spelling", &token).await;
    honest.app.logout(&token).await;
    honest.refused("unused bits after sign-out", &format!("{}{twin}", &token[..token.len() - 1]), BAD_SIGNATURE).await;
}

#[tokio::test]
async fn a7_a11_t8_t9_duplicate_members_and_bad_json_are_refused() {
    let honest = Honest::start().await;
    let header = honest.header.to_string();
    let claims = honest.claims.to_string();
    let inside = &claims[1..claims.len() - 1];
    let exp = format!(r#""exp":{}"#, honest.claims["exp"]);
    for (what, bent) in [
        ("exp twice", format!("{{{inside},{exp}}}")),
        ("additional claim twice", format!(r#"{{{inside},"a":1,"\u0061":2}}"#)),
        ("twice within an additional claim", format!(r#"{{{inside},"a":[{{"b":{{"c":1,"c":1}}}}]}}"#)),
        ("escaped exp", format!(r#"{{{inside},"\u0065xp":1}}"#)),
        ("NaN", claims.replace(&exp, r#""exp":NaN"#)),
        ("Infinity", claims.replace(&exp, r#""exp":Infinity"#)),
        ("1e400", claims.replace(&exp, r#""exp":1e400"#)),
        ("trailing bytes", format!("{claims} x")),
        ("two objects", format!("{claims}{claims}")),
        ("lone surrogate", claims.replace(r#""ada""#, r#""\ud800""#)),
        ("BOM", format!("\u{feff}{claims}")),
        ("array", "[]".to_owned()),
        (
            "array of the values",
            Value::Array(honest.claims.as_object().unwrap().values().cloned().collect()).to_string(),
        ),
        ("string", "\"x\"".to_owned()),
        ("null", "null".to_owned()),
        ("empty", String::new()),
        ("nested", format!(r#"{{{inside},"a":{}{}}}"#, "[".repeat(1000), "]".repeat(1000))),
    ] {
        honest.refused(what, &sign(&header, &bent), INVALID).await;
    }
    let mut bad_utf8 = claims.clone().into_bytes();
    bad_utf8[claims.find(r#""ada""#).unwrap() + 1] = 0xff;
    honest.refused("bad UTF-8", &sign(&header, bad_utf8), INVALID).await;
    let utf16: Vec<u8> = claims.encode_utf16().flat_map(u16::to_le_bytes).collect();
    honest.refused("UTF-16", &sign(&header, utf16), INVALID).await;
    let twice = header.replace('{', r#"{"alg":"HS256","#);
    honest.refused("alg twice", &sign(&twice, &claims), INVALID).await;
    let header_values = Value::Array(vec![json!("HS256"), json!("at+jwt"), honest.header["kid"].clone()]);
    honest.refused("header as array", &sign(&header_values.to_string(), &claims), INVALID).await;
    honest.still_works().await;
}

#[tokio::test]
async fn a9_a10_t10_t11_times_must_be_whole_in_range_and_in_order() {
    let honest = Honest::start().await;
    // The right time, but not a whole number: nothing else is wrong.
    for name in ["exp", "nbf", "iat"] {
        let time = &honest.claims[name];
        for written in [
            format!(r#""{time}""#),
            format!("{time}.0"),
            format!("{time}.5"),
            format!("{time}e0"),
            format!("{time}0e-1"),
            format!("[{time}]"),
            format!(r#"{{"{name}":{time}}}"#),
            "true".to_owned(),
            "null".to_owned(),
        ] {
            honest.refused(&format!("{name} {written}"), &honest.with_claim_written(name, &written), INVALID).await;
        }
    }
    let exp = [json!(u64::MAX), json!(1e18), json!(i64::MAX), json!(MORNING + 301), json!(0), json!(-1)];
    let nbf = [json!(MORNING + 1), json!(MORNING + 60), json!(i64::MAX), json!(u64::MAX)];
    let iat = [json!(MORNING + 1), json!(MORNING + 60), json!(0), json!(MORNING - 1), json!(i64::MIN)];
    for (name, values) in [("exp", &exp[..]), ("nbf", &nbf[..]), ("iat", &iat[..])] {
        for value in values {
            honest.refused(&format!("{name} {value}"), &honest.with_claim(name, value.clone()), INVALID).await;
        }
    }
    let mut expired = honest.claims.clone();
    (expired["iat"], expired["exp"]) = (json!(MORNING - 300), json!(MORNING));
    let token = sign(&honest.header.to_string(), expired.to_string());
    honest.refused("exp is now", &token, "401 token_expired Token has expired").await;
    honest.still_works().await;
}

#[tokio::test]
async fn t11_leeway_forgives_a_clock_that_is_behind_by_what_it_says_and_no_more() {
    let honest = Honest::start_with(&[("JWT_LEEWAY", "10s")]).await;
    for name in ["nbf", "iat"] {
        honest.accepted(name, &honest.with_claim(name, json!(MORNING + 10))).await;
        honest.refused(name, &honest.with_claim(name, json!(MORNING + 11)), INVALID).await;
    }
    honest.still_works().await;
}

#[tokio::test]
async fn a8_a15_t12_t15_every_claim_must_be_present_and_right() {
    let honest = Honest::start().await;
    for name in honest.claims.as_object().unwrap().keys() {
        let mut claims = honest.claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        // Tokens that were issued before there were these claims stay good, and one of them a setting leaves out.
        if ["client_id", "amr", "auth_time", "acr"].contains(&name.as_str()) {
            honest.accepted(name, &sign(&honest.header.to_string(), claims.to_string())).await;
            continue;
        }
        honest
            .refused(&format!("without {name}"), &sign(&honest.header.to_string(), claims.to_string()), INVALID)
            .await;
    }
    let iss = honest.claims["iss"].as_str().unwrap();
    let cases = [
        ("iss", json!("https://evil.example")),
        ("iss", json!(format!("{iss}/"))),
        ("iss", json!(format!("{iss}.evil"))),
        ("iss", json!([iss, "evil"])),
        ("iss", json!(123)),
        ("aud", json!("Handstamp")),
        ("aud", json!(["handstamp"])),
        ("aud", json!(["handstamp", 1])),
        ("aud", json!(123)),
        ("aud", json!(null)),
        ("sub", json!("")),
        ("sub", json!(1)),
        ("sub", json!(null)),
        ("sub", json!("ada")),
        ("sid", json!("")),
        ("sid", json!(null)),
        ("sid", json!("x".repeat(22))),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("type", json!("refresh")),
        ("type", json!(null)),
        ("fresh", json!(true)),
        ("fresh", json!("now")),
        ("roles", json!("admin")),
        ("roles", json!([1])),
        ("username", json!(null)),
        ("client_id", json!(null)),
        ("client_id", json!(1)),
        ("amr", json!("pwd")),
        ("amr", json!([1])),
        ("amr", json!(null)),
        ("auth_time", json!("now")),
        ("auth_time", json!(null)),
        ("acr", json!(2)),
        ("acr", json!(null)),
    ];
    for (name, value) in cases {
        honest.refused(&format!("{name} {value}"), &honest.with_claim(name, value.clone()), INVALID).await;
    }
    for typ in [json!("JWT"), json!("at+JWT"), json!("rt+jwt"), json!("application/at+jwt"), json!(null), json!(1)] {
        honest.refused("typ", &honest.with_header("typ", typ), INVALID).await;
    }
    let mut header = honest.header.clone();
    header.as_object_mut().unwrap().remove("typ");
    honest.refused("no typ", &sign(&header.to_string(), honest.claims.to_string()), INVALID).await;
    honest.still_works().await;
}

#[tokio::test]
async fn a6_a40_a_token_signed_with_any_other_key_is_refused() {
    let honest = Honest::start().await;
    let (header, claims) = (honest.header.to_string(), honest.claims.to_string());
    for key in ["", "secret", "\0", "handstamp", "your-256-bit-secret", "null", &SECRET[1..], &SECRET.to_uppercase()] {
        honest.refused(key, &sign_with(key.as_bytes(), &header, &claims), BAD_SIGNATURE).await;
    }
    let mut admin = honest.claims.clone();
    admin["roles"] = json!(["admin"]);
    let signature = honest.token.rsplit('.').next().unwrap();
    let edited = format!("{}.{}.{signature}", b64(&header), b64(admin.to_string()));
    honest.refused("role added, signature kept", &edited, BAD_SIGNATURE).await;
    honest.still_works().await;
}
