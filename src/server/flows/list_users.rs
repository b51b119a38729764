//! Lists users for administrators, page by page, with the number of sessions of each.

use super::authenticate::CurrentUser;
use crate::server::domain::session::SessionKind;
use crate::server::domain::unix_time::UnixTime;
use crate::server::domain::username::Username;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::users::{ListedUser, UsersPage};

/// The number of users on one page.
const PAGE: usize = 50;

/// A page of users, for an administrator or an operator.
#[derive(Clone, Debug)]
pub struct ListedUsers {
    pub users: Vec<ListedUser>,
    /// The name after which the next page begins.
    pub next: Option<String>,
    /// The id of the administrator who asks; empty for an operator.
    pub own: String,
}

/// Returns users whose name contains `search` and comes after `after`. `user`: the administrator who asks; `None`: an
/// operator.
///
/// # Errors
/// [`StoreError`].
pub async fn list_users(
    state: &AppState,
    user: Option<&CurrentUser>,
    search: &str,
    after: &str,
) -> Result<ListedUsers, StoreError> {
    let now = state.world.now();
    let since =
        |kind| UnixTime(now.0 - i64::try_from(state.session_rules.lifetime(kind).idle.as_secs()).unwrap_or(now.0));
    let page = UsersPage {
        // Names are stored in lower case. A part of one need not be a name itself.
        part: Username::canonical(search).to_lowercase(),
        after: after.to_owned(),
        limit: i64::try_from(PAGE + 1).unwrap_or(i64::MAX),
        now,
        kept_since: since(SessionKind::Kept),
        brief_since: since(SessionKind::Brief),
    };
    let mut users = state.store.page_users(&page).await?;
    let more = users.len() > PAGE;
    users.truncate(PAGE);
    let next = users.last().filter(|_| more).map(|last| last.user.username.to_string());
    let own = user.map_or_else(String::new, |user| user.user_id.to_string());
    Ok(ListedUsers { users, next, own })
}
