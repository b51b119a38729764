//! What the list of users can ask the server. The island passes it on.

use crate::api_types::{InvitationAnswer, UsersAnswer};
use crate::app::components::asking::Asking;
use crate::app::components::user_rows::deed::Deed;

#[derive(Clone, Copy)]
pub struct UserDoors {
    pub invite: fn() -> Asking<InvitationAnswer>,
    /// A part of a name, and the place where the list goes on.
    pub list: fn(String, String) -> Asking<UsersAnswer>,
    /// The action, and the id of the user.
    pub act: fn(Deed, String) -> Asking<()>,
}
