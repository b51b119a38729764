//! The results of flows as response bodies of the contract.

use secrecy::{ExposeSecret as _, SecretString};

use crate::api_types::{
    AccountAnswer, ApiError, AskedFactors, EventSummary, EventsAnswer, FactorsAnswer, GreetingAnswer, InvitationAnswer,
    KeySummary, PasskeySummary, PasskeysAnswer, PasswordInput, SessionSummary, SignedInAnswer, StrengthAnswer,
    TokenType, UserSummary, UsersAnswer,
};
use crate::server::domain::factors::Factors;
use crate::server::domain::kept_keys::KeptKey;
use crate::server::domain::passkey::Passkey;
use crate::server::domain::recovery_code::RecoveryCode;
use crate::server::domain::session::SessionKind;
use crate::server::domain::user::User;
use crate::server::flows::{
    Asked, CurrentUser, EventsPage, Greeting, Invitation, Judged, ListedSession, ListedUsers, SignedIn,
};
use crate::server::state::AppState;

impl From<SignedIn> for SignedInAnswer {
    fn from(SignedIn { access_token, expires_in, .. }: SignedIn) -> Self {
        Self { access_token, token_type: TokenType::Bearer, expires_in }
    }
}

impl From<ListedSession> for SessionSummary {
    fn from(ListedSession { session, last_used_at, expires_at, current }: ListedSession) -> Self {
        Self {
            id: session.id.to_string(),
            device: session.origin.device,
            ip: session.origin.address,
            started_at: session.started_at.0,
            last_used_at: last_used_at.0,
            expires_at: expires_at.0,
            current,
        }
    }
}

impl From<Greeting> for GreetingAnswer {
    /// Of a user who need not set up a second factor first, and may not add a passkey quietly.
    fn from(greeting: Greeting) -> Self {
        let Greeting { message, username, roles, issued_at, lifetime, expires_in } = greeting;
        let (must_enrol, may_add_passkey) = (false, false);
        Self { message, username, roles, issued_at: issued_at.0, lifetime, expires_in, must_enrol, may_add_passkey }
    }
}

impl From<&User> for AccountAnswer {
    fn from(user: &User) -> Self {
        let (id, username, roles) = (user.id.to_string(), user.username.to_string(), user.roles.names());
        Self { id, username, roles, created_at: user.created_at.0 }
    }
}

impl From<EventsPage> for EventsAnswer {
    fn from(EventsPage { events, older }: EventsPage) -> Self {
        let events = events.into_iter().map(|event| EventSummary {
            id: event.id.to_string(),
            at: event.at.0,
            kind: event.kind.code().to_owned(),
            username: event.username,
            by: event.by.unwrap_or_default(),
            device: event.origin.device,
            ip: event.origin.address,
        });
        Self { events: events.collect(), older }
    }
}

impl From<Judged> for StrengthAnswer {
    fn from(Judged { strength, unfit }: Judged) -> Self {
        let refused = unfit.map(|unfit| ApiError::from(unfit).code());
        Self { score: strength.score, refused, advice: strength.advice.unwrap_or_default() }
    }
}

impl From<ListedUsers> for UsersAnswer {
    fn from(ListedUsers { users, next, own }: ListedUsers) -> Self {
        let users = users.into_iter().map(|listed| {
            let id = listed.user.id.to_string();
            UserSummary {
                own: id == own,
                id,
                username: listed.user.username.to_string(),
                roles: listed.user.roles.names(),
                created_at: listed.user.created_at.0,
                disabled_at: listed.user.disabled_at.map(|at| at.0),
                last_used_at: listed.last_used_at.map(|at| at.0),
                sessions: listed.sessions,
            }
        });
        Self { users: users.collect(), next }
    }
}

impl From<Invitation> for InvitationAnswer {
    fn from(Invitation { link, expires_at }: Invitation) -> Self {
        Self { link: link.expose_secret().to_owned(), expires_at: expires_at.0 }
    }
}

/// Returns recovery codes for the user who has just made them. They are shown once.
pub fn texts_of_codes(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(RecoveryCode::expose).collect()
}

impl From<Asked> for AskedFactors {
    fn from(Asked { factors, kind }: Asked) -> Self {
        let Factors { totp, passkeys, recovery_codes, .. } = factors;
        Self { totp, passkeys, recovery_codes, kept: kind == SessionKind::Kept }
    }
}

impl From<Factors> for FactorsAnswer {
    /// Of a user who need not set up one.
    fn from(Factors { totp, passkeys, recovery_codes }: Factors) -> Self {
        Self { totp, passkeys, recovery_codes, required: false }
    }
}

impl From<KeptKey> for KeySummary {
    fn from(key: KeptKey) -> Self {
        Self {
            state: key.state.name().to_owned(),
            verifies_until: key.state.verifies_until().map(|until| until.0),
            algorithm: key.algorithm.name().to_owned(),
            created_at: key.created_at.0,
            id: key.id,
        }
    }
}

impl From<Passkey> for PasskeySummary {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id.as_str().to_owned(),
            name: passkey.name.as_str().to_owned(),
            synced: passkey.credential.is_synced(),
            quiet: passkey.quiet,
            created_at: passkey.created_at.0,
            last_used_at: passkey.last_used_at.map(|at| at.0),
        }
    }
}

/// Returns the passkeys of a user for a page.
#[must_use]
pub fn passkeys_answer(state: &AppState, user: &CurrentUser, passkeys: Vec<Passkey>) -> PasskeysAnswer {
    PasskeysAnswer {
        rp_id: state.config.relying_party.as_ref().map(|party| party.id().to_owned()),
        user_id: user.user_id.to_string(),
        username: user.username.clone(),
        passkeys: passkeys.into_iter().map(PasskeySummary::from).collect(),
    }
}

impl From<PasswordInput> for SecretString {
    fn from(PasswordInput(typed): PasswordInput) -> Self {
        typed.into()
    }
}
