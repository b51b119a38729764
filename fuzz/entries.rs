//! Gives untrusted input to the code that parses it: one function for each target of `make fuzz`.
//!
//! Each function asserts what must hold for any bytes; the minimum is that nothing panics. `src/tests/fuzz_corpus.rs`
//! calls the same functions with the inputs that fuzzing has found so far.

#![allow(clippy::unwrap_used, reason = "a failed assertion is what a fuzzer looks for")]

mod passkey;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use handstamp::app::next::{MAX_BYTES as MAX_NEXT_BYTES, accepted};
use handstamp::server::config::{Config, Settings};
use handstamp::server::domain::accepted_token::AcceptedToken;
use handstamp::server::domain::access_token::{Expiry, TokenRules};
use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::domain::compact_jws::MAX_TOKEN_BYTES;
use handstamp::server::domain::crypto;
use handstamp::server::domain::feed_cursor::Cursor;
use handstamp::server::domain::forwarded::TrustedProxies;
use handstamp::server::domain::ids::{ID_BYTES, SessionId};
use handstamp::server::domain::jwt_secret::JwtSecret;
use handstamp::server::domain::kept_keys::{KeptKey, KeyState};
use handstamp::server::domain::key_ring::KeyRing;
use handstamp::server::domain::password::{MAX_BYTES, Password};
use handstamp::server::domain::private_key::PrivateKey;
use handstamp::server::domain::refresh_token::{Generation, RefreshToken, RefreshTokenKey};
use handstamp::server::domain::sealing::SealingKey;
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::username::Username;
use handstamp::server::flows::bearer_token;
use handstamp::server::http::{self, FrontDoor, Limits};
use handstamp::server::startup;
use handstamp::server::state::AppState;
use handstamp::server::world::World;
use http_body_util::BodyExt as _;
use jsonwebtoken::{DecodingKey, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use url::Url;

pub use passkey::passkey;

/// The secret with which the targets sign, so that a fuzzer gets past the signature.
const SECRET: &str = "fuzz targets sign with this and nobody else does";
/// The fixed time of all checks: 2026-11-22T09:12:00Z.
const NOW: UnixTime = UnixTime(1_795_338_720);

const ISSUER: &str = "https://id.example.org";
const AUDIENCE: &str = "handstamp";
const LIFETIME: Duration = Duration::from_mins(5);

/// `Authorization` headers, one on each line: for the guard, and for the door for other services.
pub fn authorization_header(bytes: &[u8]) {
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    if let Ok(token) = bearer_token(lines.iter().copied()) {
        let [line] = lines[..] else { panic!("one token out of several headers") };
        let before = line.strip_suffix(token.as_bytes()).unwrap();
        let (scheme, spaces) = before.split_at(b"Bearer".len());
        assert!(scheme.eq_ignore_ascii_case(b"Bearer"), "a token of another scheme");
        assert!(!spaces.is_empty() && spaces.iter().all(|byte| *byte == b' '), "more than spaces behind the scheme");
        assert!(!token.is_empty() && token.len() <= MAX_TOKEN_BYTES);
        assert!(!token.contains([' ', '\t', ',']), "two tokens, or half of one");
    }
    let values: Result<Vec<_>, _> = lines.into_iter().map(HeaderValue::from_bytes).collect();
    let Ok(values) = values else { return };
    for (method, path) in [("GET", "/protected"), ("POST", "/introspect")] {
        let mut request = Request::builder().method(method).uri(path);
        for value in &values {
            request = request.header("authorization", value);
        }
        let answer = Answer::to(request.body(Body::empty()).unwrap());
        assert!(matches!(answer.status, 401 | 431), "{path} let a stranger in: {answer:?}");
    }
}

/// The bytes as a token. If they contain a line end, also as header and claims, signed with the right key.
///
/// If we accept a token, jsonwebtoken must accept it too, with the same claims: a second opinion. Returns whether it
/// was accepted.
pub fn token(bytes: &[u8]) -> bool {
    let accepted = std::str::from_utf8(bytes).is_ok_and(|text| judge(text).is_some());
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return accepted };
    let (header, claims) = (&bytes[..end], &bytes[end + 1..]);
    let verdict = judge(&signed(header, claims));
    if let Some(token) = &verdict {
        assert!(header.starts_with(b"{") && claims.starts_with(b"{"), "neither is anything but an object");
        let claims: Value = serde_json::from_slice(claims).unwrap();
        let seconds = |name: &str| claims[name].as_i64().unwrap();
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some(AUDIENCE)));
        assert!(seconds("nbf") <= NOW.0 && seconds("iat") <= NOW.0 && NOW.0 < seconds("exp"));
        assert!(seconds("exp") - seconds("iat") <= i64::try_from(LIFETIME.as_secs()).unwrap());
        assert_eq!(
            (claims["type"].as_str(), claims["sub"].as_str()),
            (Some("access"), Some(&*token.user_id.to_string()))
        );
        assert_eq!(claims["sid"].as_str(), Some(&*token.session_id.to_string()));
        assert_eq!(claims["jti"].as_str(), Some(&*token.token_id.to_string()));
        assert_eq!(claims.get("client_id").map(Value::as_str), token.client_id.as_deref().map(Some));
    }
    accepted || verdict.is_some()
}

/// A body for the doors that take a name and a password. The first byte chooses the door and the type of the body.
///
/// The hashing pool is full, so a body that passes the parser is refused there: nothing here costs a hash.
pub fn login_form(bytes: &[u8]) {
    let Some((choice, body)) = bytes.split_first() else { return };
    let door = if choice & 1 == 0 { "/login" } else { "/api/login" };
    let content_type = if choice & 2 == 0 { "application/x-www-form-urlencoded" } else { "application/json" };
    let request = Request::post(door).header("content-type", content_type).header("sec-fetch-site", "same-origin");
    // A device that may be known: for others, the server refuses before it reads the body if the pool is full.
    let request = request.header("cookie", "handstamp_device=x");
    let answer = Answer::to(request.body(Body::from(body.to_vec())).unwrap());
    match answer.status {
        400 | 413 => {}
        503 => {
            assert_eq!(answer.code(), "overloaded");
            let names = |field: &str| body.windows(field.len()).any(|window| window == field.as_bytes());
            // Only an escape can hide the name of a field.
            assert!(body.contains(&b'%') || body.contains(&b'\\') || (names("username") && names("password")));
        }
        status => panic!("{status} for somebody who cannot sign in: {answer:?}"),
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    if let Ok(name) = Username::parse(text) {
        assert_eq!(Username::parse(name.as_str()), Ok(name), "a canonical name is its own");
    }
    assert_eq!(Password::parse(&text.into()).is_ok(), text.len() <= MAX_BYTES);
}

/// A `Cookie` header, for the page's door that reads it.
pub fn cookie(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let request = Request::post("/api/refresh").header("cookie", value).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = Answer::to(request.body(Body::empty()).unwrap());
    assert_eq!(answer.status, 401, "{answer:?}");
    // A sign-in in another tab may have set a cookie meanwhile, which this answer would delete.
    assert_eq!(answer.set_cookie, None, "{answer:?}");
    let none = answer.code() == "missing_token";
    let named = bytes.windows(COOKIE.len()).any(|window| window == COOKIE.as_bytes());
    assert!(none || named, "a cookie of another name: {answer:?}");
}

/// The bytes as a refresh token; then a valid one made from the bytes, and damaged.
pub fn refresh_token(bytes: &[u8]) -> bool {
    let key = &*REFRESH_KEY;
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let read = key.read(text);
    if let Some(token) = &read {
        assert_eq!(key.write(token).expose_secret(), text, "there is one spelling of a token");
    }
    let Some((id, rest)) = bytes.split_first_chunk::<ID_BYTES>() else { return read.is_some() };
    let Some((generation, rest)) = rest.split_first_chunk::<4>() else { return read.is_some() };
    let token = RefreshToken {
        session_id: SessionId::from_random(*id),
        generation: Generation(u32::from_be_bytes(*generation)),
    };
    let text = key.write(&token).expose_secret().to_owned();
    assert_eq!(key.read(&text), Some(token));
    if let [at, with, ..] = *rest {
        let mut spoiled = text.clone().into_bytes();
        let at = usize::from(at) % spoiled.len();
        spoiled[at] = with;
        let spoiled = String::from_utf8_lossy(&spoiled);
        assert!(spoiled == text || key.read(&spoiled).is_none(), "a spoiled token was read");
    }
    read.is_some()
}

/// The bytes as a cursor of the feed; returns whether it is one.
pub fn cursor(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Ok(cursor) = Cursor::parse(&text) else { return false };
    assert_eq!(cursor.to_string(), text, "there is one spelling of a cursor");
    assert!(cursor.seq >= 0);
    true
}

/// `X-Forwarded-For`, one header on each line. The first line is the address of the caller.
///
/// The visitor is the caller, or one of the addresses in the header. A header from an untrusted caller has no effect.
pub fn forwarded_for(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let caller =
        lines.next().and_then(|line| std::str::from_utf8(line).ok()).and_then(|line| line.parse::<IpAddr>().ok());
    let lines: Vec<_> = lines.collect();
    let ours = TrustedProxies::parse("10.0.0.0/8, 2001:db8:1::/48").unwrap();
    let caller = caller.unwrap_or([10, 0, 0, 1].into()).to_canonical();
    let visitor = ours.visitor(caller, lines.iter().copied());
    assert_eq!(visitor, visitor.to_canonical());
    if ours.contains(caller) {
        let text = lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join(",");
        let hops = text.split(',').map(|hop| hop.trim_matches([' ', '\t']));
        let parse = |hop: &str| {
            let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
            bare.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        };
        let written = hops.filter_map(parse).any(|address| address.to_canonical() == visitor);
        assert!(visitor == caller || written, "{visitor} was written by nobody");
    } else {
        assert_eq!(visitor, caller, "a stranger is believed");
    }
    // After the visitor was found, text further left changes nothing.
    if !ours.contains(visitor) {
        let more = std::iter::once(&b"203.0.113.99"[..]).chain(lines.iter().copied()).collect::<Vec<_>>();
        assert_eq!(ours.visitor(caller, more.into_iter()), visitor);
    }
}

/// An address to go on to after a sign-in; returns whether it was accepted.
///
/// A second opinion, of the library that does as browsers do: what is accepted stays at our origin, and at the path that was
/// written, however it is followed.
pub fn next(bytes: &[u8]) -> bool {
    let Ok(asked) = std::str::from_utf8(bytes) else { return false };
    let Some(address) = accepted(asked) else { return false };
    assert!(address.len() <= MAX_NEXT_BYTES && HeaderValue::from_str(&address).is_ok(), "{address:?}");
    assert_eq!(accepted(&address).as_ref(), Some(&address), "what is accepted is accepted again");
    let base = Url::parse("https://own.example/login?next=x").unwrap();
    let followed = base.join(&address).unwrap();
    assert_eq!(followed.origin(), base.origin(), "{asked:?} leads to another origin");
    assert!(!followed.path().starts_with("//"), "{asked:?} leads to another origin at the second step");
    // Browsers cut spaces off at the end.
    let as_it_came = base.join(asked).unwrap();
    assert!(asked.ends_with(' ') || as_it_came == followed, "{asked:?} leads elsewhere than {address:?}");
    true
}

/// Signs header and claims with the right key.
fn signed(header: &[u8], claims: &[u8]) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
}

const COOKIE: &str = "handstamp_refresh";

static RULES: LazyLock<TokenRules> = LazyLock::new(|| TokenRules {
    issuer: ISSUER.into(),
    audience: AUDIENCE.into(),
    client_id: None,
    lifetime: LIFETIME,
    fresh_for: LIFETIME,
    leeway: Duration::ZERO,
    additional: AdditionalClaims::default(),
});

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let key = PrivateKey::from_secret(Algorithm::HS256, SECRET.as_bytes()).unwrap();
    let kept = KeptKey {
        id: key.id.clone(),
        algorithm: key.algorithm,
        state: KeyState::Active,
        created_at: NOW,
        public: None,
        sealed: None,
    };
    KeyRing::open(1, &[kept], Some(&key), &SealingKey::derive(&secret())).unwrap()
});

static REFRESH_KEY: LazyLock<RefreshTokenKey> = LazyLock::new(|| RefreshTokenKey::derive(&secret()));

static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

fn secret() -> JwtSecret {
    JwtSecret::parse(&SecretString::from(SECRET), Algorithm::HS256).unwrap()
}

/// Checks that our verdict is the same twice, and that jsonwebtoken accepts what we accept.
fn judge(text: &str) -> Option<Arc<AcceptedToken>> {
    let verdict = RULES.verify(&RING, text, NOW, Expiry::Judged).ok();
    assert_eq!(RULES.verify(&RING, text, NOW, Expiry::Judged).ok(), verdict, "the second look differs");
    if verdict.is_some() {
        // The library must not choose one by itself: a server that starts in this process would be refused.
        crypto::install().unwrap();
        let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The library reads the machine's clock, but our clock is fixed.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let key = DecodingKey::from_secret(SECRET.as_bytes());
        #[expect(clippy::disallowed_methods, reason = "a second opinion")]
        let second = jsonwebtoken::decode::<Value>(text, &key, &validation);
        assert!(second.is_ok(), "jsonwebtoken refuses what we accept");
    }
    verdict
}

/// The whole server, without a network.
struct Server {
    runtime: Runtime,
    router: FrontDoor,
    /// Kept, because the server uses it.
    _state: AppState,
    _folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("handstamp.db").display());
        let settings = [
            ("DATABASE_URL", database.as_str()),
            ("JWT_SECRET", SECRET),
            ("HASH_CONCURRENCY", "1"),
            ("HASH_QUEUE", "0"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::from_settings(&Settings::from_pairs(settings)).unwrap();
        let world = World::with_clocks(|| NOW, Duration::default);
        let (state, _) = runtime.block_on(startup::start(config, world)).unwrap();
        let pool = state.hash_pool.clone();
        runtime.block_on(async {
            let (taken, is_taken) = tokio::sync::oneshot::channel();
            let occupy = move || {
                let _ = taken.send(());
                loop {
                    std::thread::park();
                }
            };
            tokio::spawn(async move { pool.run(occupy).await });
            is_taken.await.unwrap();
        });
        let router = http::router(&state, Limits::default());
        Self { runtime, router, _state: state, _folder: folder }
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    set_cookie: Option<String>,
    body: String,
}

impl Answer {
    fn to(request: Request<Body>) -> Self {
        let server = &*SERVER;
        let answer = server.runtime.block_on(async {
            let (parts, body) = server.router.clone().oneshot(request).await.unwrap().into_parts();
            let set_cookie = parts.headers.get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
            let body = body.collect().await.unwrap().to_bytes();
            Self { status: parts.status.as_u16(), set_cookie, body: String::from_utf8(body.to_vec()).unwrap() }
        });
        // Every answer has the form of the contract.
        let json: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(json["code"].is_string() && json["msg"].is_string(), "{answer:?}");
        answer
    }

    fn code(&self) -> String {
        let json: Value = serde_json::from_str(&self.body).unwrap();
        json["code"].as_str().unwrap().to_owned()
    }
}
