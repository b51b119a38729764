//! What the list of users may ask the server, handed down by the island.

use crate::api_types::UsersAnswer;
use crate::app::components::asking::Asking;
use crate::app::components::user_rows::deed::Deed;

#[derive(Clone, Copy)]
pub struct UserDoors {
    /// A part of a name, and where to go on.
    pub list: fn(String, String) -> Asking<UsersAnswer>,
    /// What is to be done, to the user with this id.
    pub act: fn(Deed, String) -> Asking<()>,
}
