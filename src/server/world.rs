//! The clock and the random bytes: the only place that reads either. Specs use their own clock.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use pem::Pem;

use crate::server::domain::algorithm::{Algorithm, Family};
use crate::server::domain::jwt_secret::GENERATED_SECRET_BYTES;
use crate::server::domain::private_key::PrivateKey;
use crate::server::domain::unix_time::UnixTime;

/// The clock and the source of random bytes.
#[derive(Clone)]
pub struct World {
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    uptime: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl World {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        let begun = Instant::now();
        Self::with_clocks(system_clock, move || begun.elapsed())
    }

    /// Uses these two clocks. `uptime` must not change when the clock is set.
    pub fn with_clocks(
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
        uptime: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), uptime: Arc::new(uptime) }
    }

    /// Returns the time that has really passed since some beginning.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        (self.uptime)()
    }

    #[must_use]
    pub fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// Makes a new key that signs: 64 random bytes for HS, 3072 bits for RS and PS (about half a second).
    ///
    /// # Panics
    /// If the system gives no random bytes, like [`Self::random_bytes`].
    #[must_use]
    pub fn new_key(&self, algorithm: Algorithm) -> PrivateKey {
        if algorithm.family() == Family::Secret {
            let secret = self.random_bytes::<GENERATED_SECRET_BYTES>();
            return PrivateKey::from_secret(algorithm, &secret).expect("64 bytes are enough for every hash");
        }
        let pkcs8 = new_pkcs8(algorithm).expect("the operating system gives random bytes");
        let pem = pem::encode(&Pem::new("PRIVATE KEY", pkcs8));
        PrivateKey::from_pem(algorithm, pem.as_bytes()).expect("a key that was just made is fit")
    }

    /// Returns random bytes from the operating system.
    ///
    /// # Panics
    /// If the system gives none: no id and no salt can be made then.
    #[must_use]
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // Not from aws-lc, which first measures the jitter of the processor for some 25 ms: half of a start.
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

fn new_pkcs8(algorithm: Algorithm) -> Result<Vec<u8>, Unspecified> {
    let random = SystemRandom::new();
    let document = match algorithm {
        Algorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?,
        Algorithm::ES384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random)?,
        Algorithm::EdDSA => Ed25519KeyPair::generate_pkcs8v1(&random)?,
        _ => {
            let der: Pkcs8V1Der = KeyPair::generate(KeySize::Rsa3072)?.as_der()?;
            return Ok(der.as_ref().to_vec());
        }
    };
    Ok(document.as_ref().to_vec())
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn system_clock() -> UnixTime {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    // A clock before 1970 is wrong, but no reason to panic.
    UnixTime(match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        Err(before) => -seconds(before.duration()),
    })
}
