//! Signs in: checks a name and a password, and starts a session with its tokens.

use secrecy::SecretString;
use tracing::field::display;
use tracing::info;

use super::actor::event;
use super::ask_second_factor::ask_second_factor;
use super::authenticate::{CurrentUser, EndingSession};
use super::find_account::find_account;
use super::gate_cookie::{GateCookie, Receiver, accepted_until, gate_cookie};
use super::logout::{LogoutError, logout};
use super::throttle::{Attempt, NotAdmitted, Visitor, admit, is_known_device, known_device, recognisable};
use crate::server::domain::additional_claims::AdditionalClaims;
use crate::server::domain::blocklist::keep_until;
use crate::server::domain::challenge::SecondFactorAsked;
use crate::server::domain::ids::{SessionId, TokenId};
use crate::server::domain::methods::Methods;
use crate::server::domain::password::{HashingFailed, Password, PasswordHash, Unfit, Verified};
use crate::server::domain::refresh_token::{Generation, RefreshToken, Rotation};
use crate::server::domain::security_event::{EventKind, NewEvent};
use crate::server::domain::session::{Session, SessionKind};
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::user::User;
use crate::server::domain::username::{NotAUsername, Username};
use crate::server::hash_pool::Overloaded;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The properties of a new session.
#[derive(Clone, Debug, Default)]
pub struct NewSession {
    pub kind: SessionKind,
    pub receiver: Receiver,
    /// The visitor, with device and address.
    pub visitor: Visitor,
    /// Additional claims for its tokens, besides those of the operator.
    pub additional: AdditionalClaims,
    /// The previous session of this browser, which ends.
    pub replaces: Option<EndingSession>,
}

/// The tokens of a session. No `Debug`: anyone who reads them is signed in.
pub struct SignedIn {
    pub access_token: String,
    /// In seconds from now.
    pub expires_in: u64,
    pub refresh_token: SecretString,
    /// In seconds from now.
    pub refresh_expires_in: u64,
    pub kind: SessionKind,
    /// The value that the browser sends at its next sign-in. Only after a password was typed; `None` after a refresh.
    pub known_device: Option<SecretString>,
    /// For a browser, if the server has a gate with a cookie.
    pub gate_cookie: Option<GateCookie>,
}

/// What a right password leads to.
pub enum SignInStep {
    Done(Box<SignedIn>),
    /// The account has a second factor. No session has begun.
    SecondFactor(SecondFactorAsked),
}

/// Why the sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("no username")]
    MissingUsername,
    #[error("no password")]
    MissingPassword,
    #[error(transparent)]
    Password(Unfit),
    /// The same for an unknown user and a wrong password.
    #[error("wrong username or password")]
    WrongCredentials,
    /// Password, roles or state of the account have changed since the password was checked.
    #[error("the user was changed meanwhile")]
    UserChanged,
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the previous session may still be live: {0}")]
    Replace(#[from] LogoutError),
    #[error("the token could not be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// Checks the password and starts a session, which is durable before its tokens exist. If the account has a second factor, it
/// asks for that, and starts none.
///
/// # Errors
/// [`LoginError`].
pub async fn login(
    state: &AppState,
    username: &str,
    password: SecretString,
    new: NewSession,
) -> Result<SignInStep, LoginError> {
    // Repeats only if the user has changed in between: the roles, or the hash, by a new password or by new parameters.
    loop {
        let recognised = recognise(state, username, &password, &new.visitor).await;
        if matches!(recognised, Err(LoginError::WrongCredentials)) {
            state.measures.sign_in_refused();
        }
        let (user, verified) = recognised?;
        let factors = state.store.find_factors(user.id).await?;
        if factors.any() {
            info!(user.id = %user.id, "Asked user `{}` for a second factor", user.username);
            return Ok(SignInStep::SecondFactor(
                ask_second_factor(state, (&user, &verified), factors, (new.kind, &new.additional)).await?,
            ));
        }
        match start_session(state, (&user, &verified), Methods::PASSWORD, new.clone()).await {
            Err(LoginError::UserChanged) => {}
            done => {
                let signed_in = done?;
                state.measures.sign_in_accepted();
                return Ok(SignInStep::Done(Box::new(signed_in)));
            }
        }
    }
}

/// Returns the user with this name and password, and the hash that was verified.
async fn recognise(
    state: &AppState,
    username: &str,
    password: &SecretString,
    visitor: &Visitor,
) -> Result<(User, PasswordHash), LoginError> {
    // A text that cannot be a name counts as an unknown name.
    if Username::parse(username) == Err(NotAUsername::Missing) {
        return Err(LoginError::MissingUsername);
    }
    let password = parse_password(password)?;
    let device = known_device(state, username, visitor).await?;
    let place = if device.is_some() { state.hash_pool.kept_place()? } else { state.hash_pool.place()? };
    let mut attempt = admit(state, username, visitor, device).await?;

    let found = match find_for_attempt(state, username, visitor, &mut attempt).await {
        Ok(found) => found,
        Err(error) => {
            attempt.tested_nothing();
            return Err(error.into());
        }
    };
    let (found, allowed) = found;
    // The same work for an unknown user: the time of the answer must not show who has an account.
    let stored = found.as_ref().map_or(&state.dummy_hash, |(_, hash)| hash).clone();
    let (hasher, salt) = (state.hasher.clone(), state.world.random_bytes());
    let job = move || {
        let verified = stored.verify(&password)?;
        // Only now is the password known, from which a new hash can be computed.
        let outdated = match verified {
            Verified::Right => stored.is_weaker_than(&hasher),
            Verified::RightUnmapped => true,
            Verified::Wrong => false,
        };
        let renew = || hasher.at_least_as_strong_as(&stored).hash(&password, &salt);
        let renewed = if outdated { Some(renew()?) } else { None };
        Ok::<_, HashingFailed>((verified != Verified::Wrong, renewed))
    };
    let (right, renewed) = place.run(job).await??;

    match found {
        Some((user, verified)) if right && allowed && user.disabled_at.is_none() => {
            attempt.succeeded();
            match renewed {
                Some(renewed) if state.store.renew_password_hash(user.id, &verified, &renewed).await? => {
                    info!(user.id = %user.id, "Stored a new hash of the password, by the current rules");
                    Ok((user, renewed))
                }
                _ => Ok((user, verified)),
            }
        }
        found => {
            let id = found.as_ref().map(|(user, _)| display(user.id));
            info!(user.id = id, address = %visitor.origin.address, "Refused a sign-in: wrong username or password");
            let told = event(state, EventKind::SignInFailed, visitor.origin.clone());
            attempt.failed(found.map(|(user, _)| (told, user.id))).await?;
            Err(LoginError::WrongCredentials)
        }
    }
}

/// Returns the account, and whether its name has an attempt left, if the visitor typed the email address.
async fn find_for_attempt(
    state: &AppState,
    typed: &str,
    visitor: &Visitor,
    attempt: &mut Attempt,
) -> Result<(Option<(User, PasswordHash)>, bool), StoreError> {
    let found = find_account(state, typed).await?;
    let allowed = match &found {
        Some((user, _)) => attempt.count_for_name(typed, &user.username, visitor).await?,
        None => true,
    };
    Ok((found, allowed))
}

/// Checks the password of a signed-in user. Returns the user and the hash that was verified.
pub(super) async fn recognise_again(
    state: &AppState,
    user: &CurrentUser,
    password: SecretString,
    visitor: &Visitor,
) -> Result<(User, PasswordHash), LoginError> {
    let (account, verified) = recognise(state, &user.username, &password, visitor).await?;
    // The name may belong to another user by now.
    if account.id == user.user_id { Ok((account, verified)) } else { Err(LoginError::WrongCredentials) }
}

/// Starts a session for a user who was recognised by these methods, and issues its first tokens. `verified`: the hash of
/// their password when that was done; if it has changed since, no session starts.
pub(super) async fn start_session(
    state: &AppState,
    (user, verified): (&User, &PasswordHash),
    methods: Methods,
    new: NewSession,
) -> Result<SignedIn, LoginError> {
    let now = state.world.now();
    let session = Session {
        id: SessionId::from_random(state.world.random_bytes()),
        user_id: user.id,
        started_at: now,
        expires_at: now.plus(state.session_rules.lifetime(new.kind).absolute),
        kind: new.kind,
        origin: new.visitor.origin,
        methods,
        additional: new.additional,
    };
    let token_id = TokenId::from_random(state.world.random_bytes());
    let token_expires_at = accepted_until(state, &session, now, new.receiver, now);
    // The user of a known device has just been here: no news.
    let told = !is_known_device(state, user, verified, new.visitor.known_device.as_ref());
    let event = NewEvent { told, ..event(state, EventKind::SignedIn, session.origin.clone()) };
    if !state.store.start_session(&session, token_id, token_expires_at, (user, verified), event).await? {
        return Err(LoginError::UserChanged);
    }
    // The cookie stays in a browser that has signed out; that session is not ended once more.
    if let Some(replaced) = new.replaces.filter(|replaced| !state.blocklist.refuses_session(replaced.id)) {
        logout(state, replaced).await?;
    }
    info!(user.id = %user.id, session.id = %session.id, "Signed in user `{}`", user.username);
    let first = Rotation { generation: Generation::FIRST, rotated_at: now, unseen: true };
    let signed_in = issue_tokens(state, (user, &session), &first, token_id, new.receiver, now)?;
    Ok(SignedIn { known_device: Some(recognisable(state, user, verified)), ..signed_in })
}

/// Issues the tokens of a session that is in the store already.
pub(super) fn issue_tokens(
    state: &AppState,
    (user, session): (&User, &Session),
    rotation: &Rotation,
    token_id: TokenId,
    receiver: Receiver,
    now: UnixTime,
) -> Result<SignedIn, jsonwebtoken::errors::Error> {
    // First: it lives longer than the token of the same id.
    let gate_cookie = gate_cookie(state, (user, session), rotation.rotated_at, receiver, token_id, now);
    let access = state.token_rules.issue(&state.keys.load(), user, session, token_id, now)?;
    state.past_purge.issued(token_id, keep_until(access.expires_at, state.token_rules.leeway));
    state.measures.token_issued();
    let refresh = RefreshToken { session_id: session.id, generation: rotation.generation };
    let refreshable_until = state.session_rules.refreshable_until(session, rotation.rotated_at);
    Ok(SignedIn {
        access_token: access.text,
        expires_in: access.expires_at.seconds_since(now),
        refresh_token: state.refresh_key.write(&refresh),
        refresh_expires_in: refreshable_until.seconds_since(now),
        kind: session.kind,
        known_device: None,
        gate_cookie,
    })
}

fn parse_password(typed: &SecretString) -> Result<Password, LoginError> {
    use secrecy::ExposeSecret as _;
    if typed.expose_secret().is_empty() {
        return Err(LoginError::MissingPassword);
    }
    Password::parse(typed).map_err(LoginError::Password)
}
