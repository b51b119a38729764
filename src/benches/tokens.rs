//! Measures the time to verify an access token, compared with `jsonwebtoken::decode` with the same checks in the same
//! run. Run it with `make bench-tokens`.
//!
//! Three cases for our code: a new token, one that was seen before, and a forged one. The library gets a prepared key
//! and the claims as a struct; checks that its `Validation` does not have are made after it.

use std::hint::black_box;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use handstamp::server::domain::access_token::{Expiry, TokenRules};
use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::algorithm::Algorithm;
use handstamp::server::domain::crypto;
use handstamp::server::domain::ids::{SessionId, TokenId, UserId};
use handstamp::server::domain::jwt_secret::JwtSecret;
use handstamp::server::domain::kept_keys::{KeptKey, KeyState};
use handstamp::server::domain::key_ring::KeyRing;
use handstamp::server::domain::methods::Methods;
use handstamp::server::domain::private_key::PrivateKey;
use handstamp::server::domain::sealing::SealingKey;
use handstamp::server::domain::session::{Origin, Session, SessionKind};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::{Roles, User};
use handstamp::server::domain::username::Username;
use handstamp::server::world::World;
use jsonwebtoken::{DecodingKey, Validation};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

const ISSUER: &str = "https://id.example.org";
const SECRET: &str = "the benchmark signs with this, and nobody else does: long enough for every hash";

fn verify(criterion: &mut Criterion) {
    crypto::install().expect("nothing has installed another provider");
    let world = World::system();
    let rules = rules();
    for algorithm in [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256] {
        let (ring, key) = ring(&world, algorithm);
        let now = world.now();
        let token = issue(&rules, &ring, now);
        let accepted = |token: &str| rules.verify(&ring, token, now, Expiry::Judged).is_ok();
        // The same key, without a memory of tokens.
        let unseen = ring_of(&key, now).without_memory();
        let mut group = criterion.benchmark_group("verify");

        let library = Library::new(&key);
        assert!(library.accepts(&token, now));
        group.bench_function(BenchmarkId::new("jsonwebtoken", algorithm), |bencher| {
            bencher.iter(|| assert!(library.accepts(black_box(&token), now)));
        });
        group.bench_function(BenchmarkId::new("first sight", algorithm), |bencher| {
            bencher.iter(|| assert!(rules.verify(&unseen, black_box(&token), now, Expiry::Judged).is_ok()));
        });
        assert!(accepted(&token));
        group.bench_function(BenchmarkId::new("seen before", algorithm), |bencher| {
            bencher.iter(|| assert!(accepted(black_box(&token))));
        });
        // One bit is wrong and everything else is right: it passes as many checks as possible.
        let forged = with_a_bit_flipped(&token);
        group.bench_function(BenchmarkId::new("forged", algorithm), |bencher| {
            bencher.iter(|| assert!(!accepted(black_box(&forged))));
        });
        group.finish();
    }
    strangers(criterion, &rules, &ring(&world, Algorithm::HS256).0, world.now());
}

/// Texts that are not our tokens: the time until each is rejected.
fn strangers(criterion: &mut Criterion, rules: &TokenRules, ring: &KeyRing, now: UnixTime) {
    let texts = [
        ("too long", "a".repeat(1_000_000)),
        ("bad character", format!("{}%", "a".repeat(4000))),
        ("no parts", "a".repeat(4096)),
        ("long header", format!("{}.a.a", "a".repeat(4000))),
        ("another key", "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6IngifQ.e30.AAAA".to_owned()),
    ];
    let mut group = criterion.benchmark_group("a stranger's");
    for (name, text) in &texts {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| assert!(rules.verify(ring, black_box(text), now, Expiry::Judged).is_err()));
        });
    }
    group.finish();
}

fn rules() -> TokenRules {
    TokenRules {
        issuer: ISSUER.into(),
        audience: "handstamp".into(),
        client_id: Some("handstamp".into()),
        lifetime: Duration::from_hours(1),
        fresh_for: Duration::from_mins(10),
        leeway: Duration::ZERO,
        additional: AdditionalClaims::default(),
    }
}

fn ring(world: &World, algorithm: Algorithm) -> (KeyRing, PrivateKey) {
    let key = world.new_key(algorithm);
    (ring_of(&key, world.now()), key)
}

fn ring_of(key: &PrivateKey, now: UnixTime) -> KeyRing {
    let secret = JwtSecret::parse(&SECRET.into(), key.algorithm).expect("fit");
    let kept = KeptKey {
        id: key.id.clone(),
        algorithm: key.algorithm,
        state: KeyState::Active,
        created_at: now,
        public: key.public.clone(),
        sealed: None,
    };
    KeyRing::open(1, &[kept], Some(key), &SealingKey::derive(&secret)).expect("opens")
}

fn issue(rules: &TokenRules, ring: &KeyRing, now: UnixTime) -> String {
    let user = User {
        id: UserId::from_random([1; 16]),
        username: Username::parse("ada").expect("a name"),
        roles: Roles::admin(),
        created_at: now,
        disabled_at: None,
    };
    let session = Session {
        id: SessionId::from_random([2; 16]),
        user_id: user.id,
        started_at: now,
        expires_at: now.plus(Duration::from_hours(12)),
        kind: SessionKind::Brief,
        origin: Origin::default(),
        methods: Methods::PASSWORD,
        additional: AdditionalClaims::default(),
    };
    rules.issue(ring, &user, &session, TokenId::from_random([3; 16]), now).expect("signs").text
}

/// Returns the token with another signature of a valid form.
fn with_a_bit_flipped(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    // The last byte: changing the first byte of an RSA signature may make it larger than the modulus, which is rejected
    // faster.
    *bytes.last_mut().expect("not empty") ^= 1;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Verifies with jsonwebtoken and every check that it has, and makes the others by hand.
struct Library {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LibraryClaims {
    iss: String,
    aud: String,
    sub: String,
    username: String,
    sid: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(rename = "type")]
    kind: String,
    fresh: i64,
    roles: Vec<String>,
}

impl Library {
    fn new(key: &PrivateKey) -> Self {
        let mut validation = Validation::new(key.algorithm.name().parse().expect("known"));
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&["handstamp"]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        let key = match &key.public {
            Some(jwk) => DecodingKey::from_jwk(jwk).expect("public"),
            None => DecodingKey::from_secret(key.kept().expose_secret()),
        };
        Self { key, validation }
    }

    #[expect(clippy::disallowed_methods, reason = "the benchmark measures it")]
    fn accepts(&self, token: &str, now: UnixTime) -> bool {
        let Ok(decoded) = jsonwebtoken::decode::<LibraryClaims>(token, &self.key, &self.validation) else {
            return false;
        };
        let claims = decoded.claims;
        let ids = [&claims.sub, &claims.sid, &claims.jti].map(|id| SessionId::parse(id).is_ok());
        let times = claims.exp - claims.iat <= 3600 && claims.iat <= now.0 && claims.nbf <= now.0 && claims.fresh > 0;
        let strings = claims.kind == "access" && claims.iss == ISSUER && claims.aud == "handstamp";
        let header = decoded.header.typ.as_deref() == Some("at+jwt") && decoded.header.kid.is_some();
        ids == [true; 3] && times && strings && header && !claims.username.is_empty() && claims.roles.len() == 1
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
