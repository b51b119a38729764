//! The pages: what the browser shows. `shell` is the document, [`App`] the page table.
//!
//! Pages are rendered by the server and hold nothing protected; what lives in the browser is an island and asks the
//! server through `server_fns`.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

pub mod answer;
pub mod awaited;
pub mod bearer;
pub mod components;
pub mod inspector;
pub mod islands;
pub mod joint;
pub mod next;
pub mod page_facts;
pub mod pages;
pub mod renewal;
pub mod server_fns;
pub mod session;
pub mod session_marker;
pub mod shell;
pub mod sign_in_again;
pub mod signed_in;
pub mod signing_out;
pub mod token_storage;
pub mod unverified_jwt;
pub mod watch;

use components::SiteFooter;
use pages::SiteHeader;

/// The page table. A page that is not here is the 404 page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <SiteHeader/>
            <main id="main">
                <FlatRoutes fallback=pages::NotFound>
                    <Route path=path!("/") view=pages::Home/>
                    <Route path=path!("/login") view=pages::Login/>
                    <Route path=path!("/signup") view=pages::Signup/>
                    <Route path=path!("/setup") view=pages::Setup/>
                    <Route path=path!("/inspector") view=pages::Inspector/>
                    <Route path=path!("/dashboard") view=pages::Dashboard/>
                    <Route path=path!("/sessions") view=pages::Sessions/>
                    <Route path=path!("/account") view=pages::Account/>
                    <Route path=path!("/admin") view=pages::AdminUsers/>
                    <Route path=path!("/admin/events") view=pages::AdminEvents/>
                    <Route path=path!("/admin/keys") view=pages::AdminKeys/>
                </FlatRoutes>
            </main>
            <SiteFooter/>
        </Router>
    }
}
