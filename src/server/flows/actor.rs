//! Who manages users, and whom: the command line or an administrator, by name or by id.

use super::new_account::NewAccountError;
use crate::server::domain::ids::{EventId, UserId};
use crate::server::domain::security_event::{EventKind, NewEvent};
use crate::server::domain::session::Origin;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// Who manages users.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Whoever has the command line: above all accounts.
    Operator,
    /// An administrator, who must not lock themselves out.
    Admin { id: UserId, username: String, origin: Origin },
}

/// A user, as an actor names it.
#[derive(Clone, Copy, Debug)]
pub enum Target<'t> {
    Name(&'t str),
    Id(&'t str),
}

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageUserError {
    #[error("there is no such user")]
    NoSuchUser,
    #[error("that is one's own account")]
    Own,
    #[error(transparent)]
    Password(#[from] NewAccountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Actor {
    /// Under which name it stands in a list of events, and in the log.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Operator => "operator".to_owned(),
            Self::Admin { username, .. } => username.clone(),
        }
    }

    /// What this actor does now.
    pub(super) fn event(&self, state: &AppState, kind: EventKind) -> NewEvent {
        let origin = match self {
            Self::Operator => Origin::default(),
            Self::Admin { origin, .. } => origin.clone(),
        };
        NewEvent { by: Some(self.name()), ..event(state, kind, origin) }
    }

    /// What this actor does now to nobody's account: told of its own, where it has one.
    pub(super) fn own_event(&self, state: &AppState, kind: EventKind) -> Option<(NewEvent, UserId)> {
        match self {
            Self::Operator => None,
            Self::Admin { id, origin, .. } => Some((event(state, kind, origin.clone()), *id)),
        }
    }

    /// The user that is to be changed, whoever it is.
    pub(super) async fn find(&self, state: &AppState, target: Target<'_>) -> Result<User, ManageUserError> {
        let found = match target {
            Target::Name(name) => {
                let name = Username::parse(name).map_err(|_| ManageUserError::NoSuchUser)?;
                state.store.find_user(&name).await?.map(|(user, _)| user)
            }
            Target::Id(id) => {
                let id = UserId::parse(id).map_err(|_| ManageUserError::NoSuchUser)?;
                state.store.find_user_by_id(id).await?
            }
        };
        found.ok_or(ManageUserError::NoSuchUser)
    }

    /// As [`Self::find`], and never oneself: whoever manages users stays able to.
    pub(super) async fn find_other(&self, state: &AppState, target: Target<'_>) -> Result<User, ManageUserError> {
        let user = self.find(state, target).await?;
        match self {
            Self::Admin { id, .. } if *id == user.id => Err(ManageUserError::Own),
            _ => Ok(user),
        }
    }
}

/// Something that whoever uses an account does now.
pub(super) fn event(state: &AppState, kind: EventKind, origin: Origin) -> NewEvent {
    let id = EventId::from_random(state.world.random_bytes());
    NewEvent { id, at: state.world.now(), kind, by: None, origin }
}
