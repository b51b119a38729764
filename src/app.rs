//! The pages: what the browser shows. `shell` is the document, [`App`] the page table.
//!
//! Pages are rendered by the server and hold nothing protected; what lives in the browser is an island. Arrows go one way:
//!
//! ```text
//! pages ─▶ islands ─▶ client ─▶ browser
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `pages` | one file for each page, rendered by the server |
//! | `islands` | the parts of pages that live in the browser: they read who is signed in and call the server |
//! | `client` | what the page knows about its user: one state machine, and the driver that carries out its effects |
//! | `browser` | storage, the marker that tabs share, clocks, requests |
//! | `components` | views that pages and islands share; the sign-in form sends the password and reports to `client` |
//! | `inspector` | takes a token apart, for `/inspector` |
//! | `server_fns` | every call of the server that a page can make; `protocol` says how, `answer` reads the answer |

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

pub mod answer;
pub mod browser;
pub mod client;
pub mod components;
pub mod inspector;
pub mod islands;
pub mod next;
pub mod page_facts;
pub mod pages;
pub mod protocol;
pub mod server_fns;
pub mod shell;
pub mod unverified_jwt;

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
                    <Route path=path!("/login/second-factor") view=pages::SecondFactor/>
                    <Route path=path!("/signup") view=pages::Signup/>
                    <Route path=path!("/setup") view=pages::Setup/>
                    <Route path=path!("/password/forgot") view=pages::ForgotPassword/>
                    <Route path=path!("/password/reset") view=pages::ResetPassword/>
                    <Route path=path!("/email/confirm") view=pages::ConfirmEmail/>
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
