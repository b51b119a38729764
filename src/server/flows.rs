//! The verbs: one file each. They know domain and store, and what a request can reach; they do not know HTTP.

mod add_user;
mod authenticate;
mod change_password;
mod first_account;
mod follow_blocklist;
mod greeting;
mod login;
mod logout;
mod new_account;
mod purge_expired;
mod remove_user;
mod signup;
mod whoami;

pub use add_user::add_user;
pub use authenticate::{AuthenticateError, CurrentUser, EndingSession, authenticate, authenticate_to_end};
pub use change_password::change_password;
pub use first_account::{FirstAccountError, first_account, setup_is_open};
pub use follow_blocklist::{BlocklistFollower, FOLLOW_EVERY};
pub use greeting::{Greeting, greeting};
pub use login::{LoginError, SignedIn, login};
pub use logout::{LogoutError, logout};
pub use new_account::NewAccountError;
pub use purge_expired::{PURGE_EVERY, purge_expired};
pub use remove_user::{ManageUserError, remove_user};
pub use signup::{SignupError, signup, signup_and_login};
pub use whoami::{WhoAmIError, whoami};
