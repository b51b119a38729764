//! What a request can reach.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;

use crate::app::page_facts::SiteFiles;
use crate::server::config::Config;
use crate::server::domain::access_token::TokenRules;
use crate::server::domain::blocklist::Blocklist;
use crate::server::domain::password::{Hasher, PasswordHash};
use crate::server::domain::setup_code::SetupCode;
use crate::server::hash_pool::HashPool;
use crate::server::store::Store;
use crate::server::world::World;

/// One for the whole process; cloning it clones a pointer.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// The parts of [`AppState`].
pub struct Inner {
    pub config: Config,
    pub store: Store,
    pub world: World,
    pub token_rules: TokenRules,
    pub blocklist: Blocklist,
    pub hash_pool: HashPool,
    pub hasher: Hasher,
    /// A hash of nobody's password: what an unknown user is compared with, so that the answer takes as long.
    pub nobodys_hash: PasswordHash,
    /// Present where the store held no user when this process started.
    pub setup_code: Option<SetupCode>,
    pub site_files: Arc<SiteFiles>,
    pub leptos_options: LeptosOptions,
}

impl AppState {
    #[must_use]
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}
