//! The last line of every page.

use leptos::prelude::*;

#[component]
pub fn SiteFooter() -> impl IntoView {
    view! { <footer class="site-footer"><p>"Signed out means signed out."</p></footer> }
}
