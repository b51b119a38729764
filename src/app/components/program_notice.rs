//! Shown on every page that needs the program, if the program is missing.

use leptos::prelude::*;

/// The first notice shows if scripts are off, the second if the document carries `data-program="failed"`.
#[component]
pub fn ProgramNotice(
    /// What works without scripts, and what does not.
    #[prop(default = "This page needs JavaScript and WebAssembly. Allow both for this site, then reload the page.")]
    without_scripts: &'static str,
) -> impl IntoView {
    view! {
        <noscript>
            <p class="notice notice--warn">{without_scripts}</p>
        </noscript>
        <p class="notice notice--bad when-failed" role="alert">
            "This page's program did not load. Check your connection and reload the page. "
            <a href="">"Reload the page"</a>
        </p>
    }
}
