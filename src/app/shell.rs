//! The HTML document around every page, and the script that starts the islands.
//!
//! The script is ours and not `HydrationScripts`. That one reads a file for every page, writes the nonce into a readable
//! attribute, waits for an idle moment (a login form must not wait) and says nothing when the program fails to load.

use leptos::hydration::AutoReload;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::app::App;
use crate::app::browser::marker::{MARKER, SIGNED_OUT};
use crate::app::browser::storage::KEY;
use crate::app::next::MAX_BYTES;
use crate::app::page_facts::PageFacts;

/// The whole document.
#[must_use]
pub fn shell() -> impl IntoView {
    let PageFacts { files, reload, signed_in, needs_user, token_storage, password_min_length, .. } = PageFacts::get();
    // Islands need no serialised state; without this the renderer would write hydration markers for whole pages.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-signed-in=signed_in.word()
            data-token-storage=token_storage
            data-password-min-length=password_min_length
        >
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=files.css.clone()/>
                <link rel="modulepreload" href=files.js.clone()/>
                <link rel="preload" href=files.wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <script nonce=use_nonce()>{first_paint_script(needs_user)}</script>
                <script type="module" nonce=use_nonce()>{start_script(needs_user, &files.js, &files.wasm)}</script>
                {reload.map(|options| view! { <AutoReload options/> })}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Runs before the first paint. Does this browser hold a token, and is it an administrator's? Has the visitor followed a
/// link with a code? The style sheet shows the header and the form accordingly. If the script finds nothing, the server's
/// hint stays, which comes from the cookie. All this is for the looks: the server checks every call.
///
/// `data-server-says` keeps the server's hint for the program: the first paint may know better.
///
/// A form that is sent before the program has loaded is posted by the browser. The script does what the program would do
/// for it. It cannot know whether a sign-out reaches the server: the next page asks, if there is still a cookie.
///
/// Last, it listens for errors: a lazy island whose file does not load fails outside of what the start script can catch.
/// These explanations are here and not in the script, because every visitor would load them.
fn first_paint_script(needs_user: bool) -> String {
    let giving_way = if needs_user { giving_way() } else { String::new() };
    format!(
        r#"(() => {{
  const root = document.documentElement;
  const {{ tokenStorage, signedIn }} = root.dataset;
  root.dataset.serverSays = signedIn;
  const lookForCode = () => {{ root.dataset.code = /^#(?!main$)./.test(location.hash) ? "yes" : "no"; }};
  lookForCode();
  addEventListener("hashchange", lookForCode);
  const signedOut = () => localStorage.getItem("{MARKER}") === "{SIGNED_OUT}";
  let token;
  try {{
    token = tokenStorage !== "memory" && sessionStorage.getItem("{KEY}")
      || tokenStorage === "local" && localStorage.getItem("{KEY}");
    if (signedOut()) root.dataset.signedIn = "no";
    else if (token) {{
      root.dataset.signedIn = "yes";
      const claims = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
      if (JSON.parse(claims).roles.includes("admin")) root.dataset.admin = "yes";
    }}
  }} catch {{}}
  root.dataset.program = "loading";{giving_way}
  addEventListener("submit", event => {{
    if (root.dataset.program === "started") return;
    const {{ code }} = event.target.elements;
    if (code && !code.value) code.value = location.hash.slice(1);
    try {{
      if (event.target.className === "sign-out") {{
        [localStorage, sessionStorage].forEach(kept => kept.removeItem("{KEY}"));
        localStorage.setItem("{MARKER}", "{SIGNED_OUT}");
      }} else if (signedOut()) localStorage.removeItem("{MARKER}");
    }} catch {{}}
  }}, true);
  window.programStarted = () => {{ root.dataset.program = "started"; }};
  window.programFailed = () => {{ if (root.dataset.program === "loading") root.dataset.program = "failed"; }};
  for (const trouble of ["error", "unhandledrejection"]) addEventListener(trouble, window.programFailed);
}})()"#
    )
}

/// On a page that needs a user: goes to the sign-in form if certainly no user is signed in. Then there is no token, and no
/// cookie that counts. Back leads to the page before. Signing in leads back to exactly this address: the fragment, which
/// never reaches the server, is in the address of the form and of all links to it.
///
/// If there is a marker, there may be a cookie that the server did not see. If the browser keeps no token, the page explains
/// that, unless tokens are kept in memory.
fn giving_way() -> String {
    format!(
        r#"
  const withoutUser = () => {{
    try {{
      const marker = localStorage.getItem("{MARKER}");
      return marker === "{SIGNED_OUT}" || !token && (signedIn === "no" || signedIn === "unknown" && !marker);
    }} catch {{
      return tokenStorage === "memory" && signedIn !== "yes";
    }}
  }};
  const leadingBack = form => {{
    const next = location.pathname + location.search + location.hash;
    return next.length > {MAX_BYTES} ? form : form + "?next=" + encodeURIComponent(next);
  }};
  if (withoutUser()) {{
    root.dataset.program = "not needed";
    return location.replace(leadingBack("/login"));
  }}
  for (const change of ["DOMContentLoaded", "hashchange"]) addEventListener(change, () => {{
    const forms = document.querySelectorAll("a[href^='/login'], a[href^='/signup']");
    for (const link of forms) link.setAttribute("href", leadingBack(link.pathname));
  }});"#
    )
}

/// Loads the program and starts the islands, from the outside in.
fn start_script(needs_user: bool, js: &str, wasm: &str) -> String {
    // A page that goes to the sign-in form needs no program.
    let unless_it_gives_way =
        if needs_user { r#"if (document.documentElement.dataset.program === "loading") "# } else { "" };
    format!(
        r#"const wake = async (node, program) => {{
  if (node.localName === "leptos-island") await program[node.dataset.component]?.(node);
  for (const child of node.children) await wake(child, program);
}};
{unless_it_gives_way}import("{js}").then(async program => {{
  await program.default({{ module_or_path: "{wasm}" }});
  program.hydrate();
  await wake(document.body, program);
  window.programStarted();
}}).catch(window.programFailed);"#
    )
}
