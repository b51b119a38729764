//! The HTML document around every page, and the script that starts the islands.
//!
//! The script is ours and not `HydrationScripts`: that one reads a file for every page, writes the nonce into a readable
//! attribute, waits for an idle moment (a login form should not) and says nothing when the program fails to load.

use leptos::hydration::AutoReload;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::app::App;
use crate::app::page_facts::PageFacts;
use crate::app::token_storage;

/// The whole document.
#[must_use]
pub fn shell() -> impl IntoView {
    let PageFacts { files, reload, .. } = PageFacts::get();
    // Islands need no serialised state; without this the renderer would emit hydration markers for whole pages.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=files.css.clone()/>
                <link rel="modulepreload" href=files.js.clone()/>
                <link rel="preload" href=files.wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <script nonce=use_nonce()>{first_paint_script()}</script>
                <script type="module" nonce=use_nonce()>{start_script(&files.js, &files.wasm)}</script>
                {reload.map(|options| view! { <AutoReload options/> })}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Before the first paint: does this browser hold a token? The style sheet shows the header accordingly.
/// And a form sent before the program is there is held back, to be sent when it is: never lost, never a plain post.
fn first_paint_script() -> String {
    format!(
        r#"(() => {{
  const root = document.documentElement;
  let held = null;
  const hold = event => {{
    event.preventDefault();
    held = event.target;
    if (root.dataset.program === "loading") root.dataset.program = "awaited";
  }};
  try {{
    const key = "{key}";
    root.dataset.signedIn = sessionStorage.getItem(key) || localStorage.getItem(key) ? "yes" : "no";
  }} catch {{ root.dataset.signedIn = "no"; }}
  root.dataset.program = "loading";
  addEventListener("submit", hold, true);
  window.programStarted = () => {{
    removeEventListener("submit", hold, true);
    root.dataset.program = "started";
    held?.requestSubmit();
  }};
  window.programFailed = () => {{ root.dataset.program = "failed"; }};
}})()"#,
        key = token_storage::KEY
    )
}

/// Loads the program and wakes the islands, from the outside in.
fn start_script(js: &str, wasm: &str) -> String {
    format!(
        r#"const wake = async (node, program) => {{
  if (node.localName === "leptos-island") await program[node.dataset.component]?.(node);
  for (const child of node.children) await wake(child, program);
}};
import("{js}").then(async program => {{
  await program.default({{ module_or_path: "{wasm}" }});
  program.hydrate();
  await wake(document.body, program);
  window.programStarted();
}}).catch(window.programFailed);"#
    )
}
