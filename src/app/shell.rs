//! The HTML document around every page, and the script that starts the islands.
//!
//! The script is ours and not `HydrationScripts`: that one reads a file for every page, writes the nonce into a readable
//! attribute, waits for an idle moment (a login form should not) and says nothing when the program fails to load.

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
    // Islands need no serialised state; without this the renderer would emit hydration markers for whole pages.
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
                <link rel="modulepreload" href=files.split.clone()/>
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

/// Before the first paint: does this browser hold a token, and an administrator's? Has its visitor followed a link with a
/// code? The style sheet shows the header, and the form, accordingly. The server's word, which goes by the cookie, stands
/// where this one says nothing. It is for the looks: nothing here is checked, and the server checks every call.
///
/// `data-server-says` keeps what the server saw of the cookie, for the program: the first paint may know better.
///
/// And a form sent before the program is there, which then posts by itself, gets what the program would have done for it. It
/// does not know whether a sign-out reaches the server: the next page asks, where there is still a cookie.
///
/// Last, it hears of errors, as a lazy island whose file does not come fails outside of what the start script can catch.
/// What is explained here is not explained in the script: every visitor would load it.
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

/// On a page that needs a user: gives way to the sign-in form where surely nobody is signed in. Then there is no token, and
/// no cookie either, or one that does not count after a sign-out. Back leads to the page before, and signing in to exactly
/// here: the fragment, which never reaches the server, is in the address of the form, and in those of all links to it.
///
/// With a marker there may be a cookie that the server did not see. And where the browser lets no token be kept, the page
/// explains that, unless tokens are kept in memory.
fn giving_way() -> String {
    format!(
        r#"
  const nobody = () => {{
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
  if (nobody()) {{
    root.dataset.program = "not needed";
    return location.replace(leadingBack("/login"));
  }}
  for (const change of ["DOMContentLoaded", "hashchange"]) addEventListener(change, () => {{
    const forms = document.querySelectorAll("a[href^='/login'], a[href^='/signup']");
    for (const link of forms) link.setAttribute("href", leadingBack(link.pathname));
  }});"#
    )
}

/// Loads the program and wakes the islands, from the outside in.
fn start_script(needs_user: bool, js: &str, wasm: &str) -> String {
    // A page that gives way to the sign-in form needs no program.
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
