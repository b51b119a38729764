//! The actor that manages users (the command line or an administrator), and the target user, by name or by id.

use super::new_account::NewAccountError;
use crate::server::domain::ids::{EventId, UserId};
use crate::server::domain::security_event::{EventKind, NewEvent};
use crate::server::domain::session::Origin;
use crate::server::domain::user::User;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The actor that manages users.
#[derive(Clone, Debug)]
pub enum Actor {
    /// The operator at the command line. May do everything.
    Operator,
    /// An administrator, who cannot change their own account here.
    Admin { id: UserId, username: String, origin: Origin },
}

/// The target user.
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
    /// Returns the name for lists of events and the log.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Operator => "operator".to_owned(),
            Self::Admin { username, .. } => username.clone(),
        }
    }

    /// Makes the event for an action of this actor now.
    pub(super) fn event(&self, state: &AppState, kind: EventKind) -> NewEvent {
        let origin = match self {
            Self::Operator => Origin::default(),
            Self::Admin { origin, .. } => origin.clone(),
        };
        NewEvent { by: Some(self.name()), ..event(state, kind, origin) }
    }

    /// Makes the event for an action that has no target account. It is recorded for the actor's own account, if it has
    /// one.
    pub(super) fn own_event(&self, state: &AppState, kind: EventKind) -> Option<(NewEvent, UserId)> {
        match self {
            Self::Operator => None,
            Self::Admin { id, origin, .. } => Some((event(state, kind, origin.clone()), *id)),
        }
    }

    /// Returns the target user.
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

    /// Like [`Self::find`], but never the actor's own account, so that an administrator cannot lose access.
    pub(super) async fn find_other(&self, state: &AppState, target: Target<'_>) -> Result<User, ManageUserError> {
        let user = self.find(state, target).await?;
        match self {
            Self::Admin { id, .. } if *id == user.id => Err(ManageUserError::Own),
            _ => Ok(user),
        }
    }
}

/// Makes the event for an action of the user of an account now.
pub(super) fn event(state: &AppState, kind: EventKind, origin: Origin) -> NewEvent {
    let at = state.world.now();
    let id = EventId::new(at, state.world.random_bytes());
    NewEvent::new(id, at, kind, origin)
}
