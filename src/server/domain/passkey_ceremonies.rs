//! The ceremonies of passkeys (WebAuthn, section 7): what a browser is asked, and whether its answer is right.
//!
//! Wraps `webauthn_rp`, which parses and verifies. What it must remember between question and answer is a text for the store.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{
    AllowedCredential, AllowedCredentials, AuthenticationVerificationOptions, DiscoverableCredentialRequestOptions,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    AuthenticatorSelectionCriteria, CoseAlgorithmIdentifier, CoseAlgorithmIdentifiers, Extension,
    PublicKeyCredentialCreationOptions, RegistrationVerificationOptions, UserHandle,
};
use webauthn_rp::request::{
    CredentialMediationRequirement, Credentials as _, PublicKeyCredentialDescriptor, UserVerificationRequirement,
};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::auth::{AuthenticatorData, DiscoverableAuthentication, NonDiscoverableAuthentication};
use webauthn_rp::response::register::Registration;
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthenticationServerState, NonDiscoverableAuthenticationServerState,
    RegistrationServerState,
};

use super::ids::{ID_BYTES, UserId};
use super::methods::Methods;
use super::passkey::{Credential, Passkey, PasskeyId, PublicKey};
use super::relying_party::RelyingParty;

/// The name of the service in the browser's dialog.
const NAME: &str = "Handstamp";

/// A question to the browser.
pub struct Question {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub options: Value,
    /// What the answer is judged by.
    pub state: String,
}

/// A right answer with a new passkey.
#[derive(Debug)]
pub struct Registered {
    pub id: PasskeyId,
    pub credential: Credential,
    /// How it recognises its user.
    pub methods: Methods,
}

/// A right answer with a known passkey.
#[derive(Debug)]
pub struct Recognised {
    pub methods: Methods,
    /// With the new counter.
    pub credential: Credential,
}

/// Why an answer is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum WrongAnswer {
    /// No browser sends this.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    #[error("the passkey is not known here")]
    Unknown,
    /// The signature is right, but the counter is not higher than the last one: somebody has a copy of the authenticator.
    #[error("the signature counter went back")]
    Counter,
    #[error("{0}")]
    Refused(String),
    /// Of another version of this program, or damaged.
    #[error("what was kept for the answer cannot be read")]
    Kept,
}

/// The library could not begin: a fault in this file.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the ceremony could not begin")]
pub struct NotBegun;

/// Asks for a new passkey of a user. `quietly`: the browser may make it without a dialog, after a sign-in with the password.
///
/// # Errors
/// [`NotBegun`].
pub fn ask_to_register(
    party: &RelyingParty,
    (user, username): (UserId, &str),
    existing: &[Passkey],
    quietly: bool,
) -> Result<Question, NotBegun> {
    let handle = handle(user);
    let exclude = existing.iter().filter_map(descriptor).collect();
    let mut options = PublicKeyCredentialCreationOptions {
        // The library checks names more strictly than we do. Ours is put into the question below.
        user: (&handle).into(),
        pub_key_cred_params: CoseAlgorithmIdentifiers::ALL.remove(CoseAlgorithmIdentifier::Es384),
        authenticator_selection: AuthenticatorSelectionCriteria {
            // A security key without a PIN is welcome too: it is a second factor.
            user_verification: UserVerificationRequirement::Preferred,
            ..AuthenticatorSelectionCriteria::passkey()
        },
        extensions: Extension::default(),
        ..PublicKeyCredentialCreationOptions::passkey(party.rp_id(), (&handle).into(), exclude)
    };
    if quietly {
        options.mediation = CredentialMediationRequirement::Conditional;
    }
    let (server, client) = options.start_ceremony().map_err(|_| NotBegun)?;
    let mut question = question(server.encode(), &client)?;
    question.options["rp"]["name"] = NAME.into();
    for member in ["name", "displayName"] {
        question.options["user"][member] = username.into();
    }
    Ok(question)
}

/// Judges the answer with a new passkey.
///
/// # Errors
/// [`WrongAnswer`].
pub fn judge_registration(party: &RelyingParty, state: &str, answer: &str) -> Result<Registered, WrongAnswer> {
    let answer = Registration::from_json_relaxed(answer.as_bytes()).map_err(malformed)?;
    let state = kept(state).and_then(|state| RegistrationServerState::<ID_BYTES>::decode(&state).ok());
    let options = RegistrationVerificationOptions::<String, &str> {
        allowed_origins: party.origins(),
        // Browsers and authenticators add some of their own accord: `credProtect`, `credProps`.
        error_on_unsolicited_extensions: false,
        ..Default::default()
    };
    let verified = state.ok_or(WrongAnswer::Kept)?.verify(party.rp_id(), &answer, &options).map_err(refused)?;
    let (id, transports, _, fixed, changing, _) = verified.into_parts();
    let credential = Credential::new(transports, changing, fixed);
    let methods = Methods::of_passkey(credential.is_synced(), changing.user_verified);
    Ok(Registered { id: PasskeyId::of(id), credential, methods })
}

/// Asks for any passkey, of any user: the answer tells whose it is. The device must check the user, because no password was
/// typed.
///
/// # Errors
/// [`NotBegun`].
pub fn ask_to_sign_in(party: &RelyingParty) -> Result<Question, NotBegun> {
    let options = DiscoverableCredentialRequestOptions::passkey(party.rp_id());
    let (server, client) = options.start_ceremony().map_err(|_| NotBegun)?;
    question(server.encode(), &client)
}

/// An answer to [`ask_to_sign_in`], not judged yet.
pub struct SignInAnswer(DiscoverableAuthentication<ID_BYTES>);

impl SignInAnswer {
    /// # Errors
    /// [`WrongAnswer::Malformed`]. [`WrongAnswer::Unknown`] for a passkey of another service at the same host, as on
    /// `localhost`.
    pub fn parse(answer: &str) -> Result<Self, WrongAnswer> {
        let parsed = DiscoverableAuthentication::from_json_relaxed(answer.as_bytes());
        parsed.map(Self).map_err(|error| if names_another(answer) { WrongAnswer::Unknown } else { malformed(error) })
    }

    /// Returns the passkey that it is said to come from.
    #[must_use]
    pub fn passkey(&self) -> PasskeyId {
        PasskeyId::of(self.0.raw_id())
    }

    /// Judges it. `passkey`: the one with [`Self::passkey`]'s id.
    ///
    /// # Errors
    /// [`WrongAnswer`].
    pub fn judge(&self, party: &RelyingParty, state: &str, passkey: &Passkey) -> Result<Recognised, WrongAnswer> {
        let state = kept(state).and_then(|state| DiscoverableAuthenticationServerState::decode(&state).ok());
        let (state, data) = (state.ok_or(WrongAnswer::Kept)?, self.0.response().authenticator_data());
        recognise(passkey, data, |credential| state.verify(party.rp_id(), &self.0, credential, &options(party)))
    }
}

/// Asks for one of these passkeys, after the password.
///
/// # Errors
/// [`NotBegun`], also without any.
pub fn ask_after_password(party: &RelyingParty, passkeys: &[Passkey]) -> Result<Question, NotBegun> {
    let mut allowed = AllowedCredentials::with_capacity(passkeys.len());
    for descriptor in passkeys.iter().filter_map(descriptor) {
        // False only for one that is there already.
        let _ = allowed.push(AllowedCredential::from(descriptor));
    }
    let asked = NonDiscoverableCredentialRequestOptions::second_factor(party.rp_id(), allowed);
    let mut asked = asked.map_err(|_| NotBegun)?;
    asked.options().user_verification = UserVerificationRequirement::Preferred;
    let (server, client) = asked.start_ceremony().map_err(|_| NotBegun)?;
    question(server.encode(), &client)
}

/// Judges the answer to [`ask_after_password`]. `passkeys`: those of the user.
///
/// # Errors
/// [`WrongAnswer`].
pub fn judge_after_password<'p>(
    party: &RelyingParty,
    state: &str,
    answer: &str,
    passkeys: &'p [Passkey],
) -> Result<(&'p Passkey, Recognised), WrongAnswer> {
    let answer = NonDiscoverableAuthentication::<ID_BYTES>::from_json_relaxed(answer.as_bytes()).map_err(malformed)?;
    let state = kept(state).and_then(|state| NonDiscoverableAuthenticationServerState::decode(&state).ok());
    let (state, id) = (state.ok_or(WrongAnswer::Kept)?, PasskeyId::of(answer.raw_id()));
    let passkey = passkeys.iter().find(|passkey| passkey.id == id).ok_or(WrongAnswer::Unknown)?;
    let data = answer.response().authenticator_data();
    let recognised =
        recognise(passkey, data, |credential| state.verify(party.rp_id(), &answer, credential, &options(party)))?;
    Ok((passkey, recognised))
}

/// The credential as the library takes it.
type Known<'p> = AuthenticatedCredential<'p, 'p, ID_BYTES, PublicKey>;

fn recognise(
    passkey: &Passkey,
    authenticator_data: &[u8],
    verify: impl FnOnce(&mut Known<'_>) -> Result<bool, AuthCeremonyErr>,
) -> Result<Recognised, WrongAnswer> {
    let (id, user) = (passkey.id.credential_id().ok_or(WrongAnswer::Kept)?, handle(passkey.user_id));
    let fixed = passkey.credential.fixed().ok_or(WrongAnswer::Kept)?;
    let mut known =
        Known::new((&id).into(), &user, fixed, passkey.credential.changing).map_err(|_| WrongAnswer::Kept)?;
    verify(&mut known).map_err(|error| match error {
        AuthCeremonyErr::SignatureCounter => WrongAnswer::Counter,
        AuthCeremonyErr::UserHandleMismatch => WrongAnswer::Unknown,
        error => refused(error),
    })?;
    // Verified above, so it can be read.
    let verified = AuthenticatorData::try_from(authenticator_data).is_ok_and(|data| data.flags().user_verified);
    let credential = passkey.credential.changed(known.dynamic_state());
    Ok(Recognised { methods: Methods::of_passkey(credential.is_synced(), verified), credential })
}

fn options(party: &RelyingParty) -> AuthenticationVerificationOptions<'_, 'static, String, &'static str> {
    AuthenticationVerificationOptions {
        allowed_origins: party.origins(),
        error_on_unsolicited_extensions: false,
        update_uv: true,
        ..Default::default()
    }
}

fn question<E>(server: Result<Vec<u8>, E>, client: &impl Serialize) -> Result<Question, NotBegun> {
    let state = server.map_err(|_| NotBegun)?;
    let options = serde_json::to_value(client).map_err(|_| NotBegun)?;
    Ok(Question { options, state: URL_SAFE_NO_PAD.encode(state) })
}

fn kept(state: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(state).ok()
}

/// The user handle: the bytes of the user's id. It tells whose passkey it is, and says nothing else about the user.
fn handle(user: UserId) -> UserHandle<ID_BYTES> {
    let Ok(handle) = UserHandle::decode(user.to_bytes());
    handle
}

fn descriptor(passkey: &Passkey) -> Option<PublicKeyCredentialDescriptor<Vec<u8>>> {
    let id = passkey.id.credential_id()?;
    Some(PublicKeyCredentialDescriptor { id, transports: passkey.credential.transports() })
}

/// Returns whether this is the answer of an authenticator with a user handle that is none of ours.
fn names_another(answer: &str) -> bool {
    #[derive(Deserialize)]
    struct Answer {
        response: Response,
    }
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "userHandle")]
        user_handle: String,
    }
    let answer: Result<Answer, _> = serde_json::from_str(answer);
    let handle = answer.ok().and_then(|answer| URL_SAFE_NO_PAD.decode(answer.response.user_handle).ok());
    handle.is_some_and(|handle| handle.len() != ID_BYTES && (1..=64).contains(&handle.len()))
}

fn malformed(error: impl ToString) -> WrongAnswer {
    WrongAnswer::Malformed(error.to_string())
}

fn refused(error: impl ToString) -> WrongAnswer {
    WrongAnswer::Refused(error.to_string())
}
