//! The head of every page: the mark, the pages, and sign-in or sign-out.
//!
//! Both headers are in the document; the style sheet shows the one for the document's `data-signed-in`. Hiding is a
//! convenience and no protection. On a narrow screen the pages are a menu: a popover, which the browser itself opens and
//! closes, also with Escape and without a script.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::components::{Mark, SIGN_IN_LINK};
use crate::app::islands::NavAccount;
use crate::app::next::form_address;
use crate::app::page_facts::PageFacts;

const PAGES: &str = "pages";

#[component]
pub fn SiteHeader() -> impl IntoView {
    let PageFacts { signup_open, next, .. } = PageFacts::get();
    let here = use_location().pathname.get_untracked();
    let current = |page: &str| (here == page).then_some("page");
    let within = |pages: &str| here.starts_with(pages).then_some("page");
    let create_account = signup_open.then(|| {
        view! {
            <li class="when-signed-out">
                <a class="nav-link" href=form_address("/signup", next.as_deref()) aria-current=current("/signup")>
                    "Create account"
                </a>
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
                <button class="nav-link menu-button" type="button" popovertarget=PAGES>"Menu"</button>
                <ul class="menu" id=PAGES popover="auto">
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
                </ul>
                <a
                    id=SIGN_IN_LINK
                    class="nav-link when-signed-out"
                    href=form_address("/login", next.as_deref())
                    aria-current=current("/login")
                >
                    "Sign in"
                </a>
            </nav>
            <div class="when-signed-in"><NavAccount/></div>
        </header>
    }
}
