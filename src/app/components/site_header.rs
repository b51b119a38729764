//! The head of every page: the mark, the pages, and the way in or out.
//!
//! Both headers are in the document; the style sheet shows the one that fits the document's `data-signed-in`. Hiding is
//! convenience and no protection.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::components::mark::Mark;
use crate::app::islands::NavAccount;
use crate::app::page_facts::PageFacts;

/// The id of the link that takes the place of "Sign out".
pub const SIGN_IN_LINK: &str = "nav-sign-in";

#[component]
pub fn SiteHeader() -> impl IntoView {
    let here = use_location().pathname.get_untracked();
    let current = |page: &str| (here == page).then_some("page");
    let within = |pages: &str| here.starts_with(pages).then_some("page");
    let create_account = PageFacts::get().signup_open.then(|| {
        view! {
            <li class="when-signed-out">
                <a class="nav-link" href="/signup" aria-current=current("/signup")>"Create account"</a>
            </li>
        }
    });
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        <header class="site-header">
            <a class="brand" href="/" aria-current=current("/")>
                <Mark/>
                <span class="brand__name">"Handstamp"</span>
            </a>
            <nav class="site-header__pages" aria-label="Pages">
                <ul>
                    <li class="when-signed-in">
                        <a class="nav-link" href="/dashboard" aria-current=current("/dashboard")>"Dashboard"</a>
                    </li>
                    <li class="when-signed-in">
                        <a class="nav-link" href="/sessions" aria-current=current("/sessions")>"Sessions"</a>
                    </li>
                    <li class="when-signed-in">
                        <a class="nav-link" href="/account" aria-current=current("/account")>"Account"</a>
                    </li>
                    <li class="when-signed-in when-admin">
                        <a class="nav-link" href="/admin" aria-current=within("/admin")>"Admin"</a>
                    </li>
                    <li><a class="nav-link" href="/inspector" aria-current=current("/inspector")>"Inspector"</a></li>
                    {create_account}
                    <li class="when-signed-out">
                        <a id=SIGN_IN_LINK class="nav-link" href="/login" aria-current=current("/login")>"Sign in"</a>
                    </li>
                </ul>
            </nav>
            <div class="when-signed-in"><NavAccount/></div>
        </header>
    }
}
