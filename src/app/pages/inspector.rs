//! `/inspector`: takes a token apart. It has all the markup and explanations. `app/inspector.rs` fills in the pasted token,
//! knows the ids used here, and sends nothing.

use leptos::prelude::*;

use crate::app::components::{PageTitle, ProgramNotice};
use crate::app::islands::TokenInspector;
use crate::app::page_facts::PageFacts;

mod glossary;

#[component]
pub fn Inspector() -> impl IntoView {
    let facts = PageFacts::get().tokens;
    view! {
        <PageTitle text="Inspector · Handstamp"/>
        <div class="page inspector">
            <h1>"What is in a stamp?"</h1>
            <p class="lead">"Paste a token. It is taken apart here, in your browser, and never leaves this page."</p>
            <ProgramNotice/>
            <div id="facts" hidden data-issuer=facts.issuer data-audience=facts.audience data-jwks=facts.jwks></div>
            <TokenCard/>
            <div id="inspected" class="inspected" hidden>
                <p id="verdict" class="verdict" role="status"></p>
                <div class="inspector__parts">
                    <Part part="header" title="Header" words="How it was signed. Anyone can read this."/>
                    <Part part="claims" title="Claims" words="What it says. Encoded, not encrypted: never a password."/>
                    <SignatureCard/>
                </div>
                <Checks/>
            </div>
            <glossary::Glossary/>
            <TokenInspector/>
        </div>
    }
}

#[component]
fn TokenCard() -> impl IntoView {
    let mistakes = MISTAKES.map(|(id, sentence, mendable)| {
        let mend = mendable.then(|| {
            view! { <button class="button button--small" type="button" data-do="mend">"Mend"</button> }
        });
        view! { <li id=id hidden><span>{sentence}</span>{mend}</li> }
    });
    view! {
        <section class="card inspector__token">
            <div class="inspector__head">
                <h2><label for="token">"Token"</label></h2>
                <ul class="inspector__ways" aria-label="Fill in">
                    <li class="when-signed-in"><Fill wish="mine" words="Use mine"/></li>
                    <li><Fill wish="example-tutorial" words="Example"/></li>
                    <li><Fill wish="example-expired" words="Expired"/></li>
                    <li><Fill wish="example-unsigned" words="Unsigned"/></li>
                    <li><Fill wish="empty" words="Clear"/></li>
                </ul>
            </div>
            <div class="token-field">
                <div class="token-field__colours" aria-hidden="true">
                    <span id="colour-header" class="token-part token-part--header"></span>
                    <span id="colour-dot-1"></span>
                    <span id="colour-claims" class="token-part token-part--claims"></span>
                    <span id="colour-dot-2"></span>
                    <span id="colour-signature" class="token-part token-part--signature"></span>
                    <span id="colour-rest"></span>
                </div>
                <textarea
                    id="token"
                    class="token-field__input"
                    rows="3"
                    placeholder="eyJ…"
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    autocorrect="off"
                ></textarea>
            </div>
            <div role="status">
                <ul class="mistakes">
                    {mistakes.into_iter().collect_view()}
                    <li id="mistake-private" hidden>
                        <span>
                            "The claim " <code id="private-name"></code>
                            " looks as if it should stay secret. Anyone who holds a token can read all of it."
                        </span>
                    </li>
                </ul>
            </div>
        </section>
    }
}

/// A button that fills the fields.
#[component]
fn Fill(wish: &'static str, words: &'static str) -> impl IntoView {
    view! { <button class="link-button" type="button" data-do=wish>{words}</button> }
}

#[component]
fn Part(part: &'static str, title: &'static str, words: &'static str) -> impl IntoView {
    let id = |name: &str| format!("{part}-{name}");
    view! {
        <section id=id("card") class=format!("card part part--{part}")>
            <h2 class="part__title">{title}</h2>
            <p class="part__words">{words}</p>
            <pre id=id("json") class="part__json" tabindex="0" aria-label=format!("{title} as JSON")></pre>
            <p class="part__unreadable">"Cannot be read: it is not base64url of a JSON object."</p>
            <ul id=id("members") class="members"></ul>
        </section>
    }
}

#[component]
fn SignatureCard() -> impl IntoView {
    view! {
        <section class="card part part--signature">
            <h2 class="part__title">"Signature"</h2>
            <p class="part__words">
                "Shows whether a letter was changed. This server's public keys are known here; for HS256, HS384 and HS512 \
                type the secret."
            </p>
            <div class="field">
                <label class="field__label" for="secret">"Secret, or a public key as JWK"</label>
                <input
                    id="secret"
                    class="field__input part__secret"
                    type="text"
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    autocorrect="off"
                    aria-describedby="secret-hint"
                />
                <p id="secret-hint" class="field__hint">"Text, or base64: and binary. It stays in this page, too."</p>
            </div>
        </section>
    }
}

#[component]
fn Checks() -> impl IntoView {
    let rows = CHECKS.map(|(id, reason)| {
        view! {
            <li id=id class="check-row">
                <span id=format!("{id}-words") class="check-row__words"></span>
                <span class="check-row__reason">{reason}</span>
            </li>
        }
    });
    view! {
        <section class="card inspector__checks">
            <h2>"Checks"</h2>
            <ul class="checks">{rows.into_iter().collect_view()}</ul>
            <p class="beside">
                "Times use the clock of this device. Only the server knows whether the session has ended: "
                <a href="/dashboard">"the dashboard"</a> " asks it."
            </p>
        </section>
    }
}

/// The ids, the sentence, and whether a button corrects it.
const MISTAKES: [(&str, &str, bool); 8] = [
    ("mistake-scheme", "The word Bearer, or the header's name, was left in. The token begins after it.", true),
    ("mistake-quotes", "There are quotes around or inside it. They are not part of the token.", true),
    ("mistake-space", "There are spaces or line breaks inside it.", true),
    (
        "mistake-two-parts",
        "There are only two parts. The third, the signature, was cut off, or there never was one.",
        false,
    ),
    (
        "mistake-encrypted",
        "Five parts are an encrypted token (JWE, RFC 7516). Only the holder of its key can read it.",
        false,
    ),
    ("mistake-spelling", "The letters + / = belong to another base64. A token has - and _ and no padding.", true),
    ("mistake-milliseconds", "A time is in milliseconds. Tokens count in seconds (RFC 7519, section 2).", false),
    (
        "mistake-short-secret",
        "The secret is shorter than the hash of its algorithm: 32 bytes for HS256, 48 for HS384, 64 for HS512. \
        Short ones are guessed (RFC 7518, section 3.2).",
        false,
    ),
];

/// The ids, and where the member is written.
const CHECKS: [(&str, &str); 11] = [
    ("check-format", "RFC 7515 §3.1"),
    ("check-header", "RFC 7515 §4"),
    ("check-claims", "RFC 7519 §4"),
    ("check-algorithm", "RFC 8725 §3.1"),
    ("check-type", "RFC 9068 §2.1"),
    ("check-signature", "RFC 7515 §5.2"),
    ("check-expiry", "RFC 7519 §4.1.4"),
    ("check-not-before", "RFC 7519 §4.1.5"),
    ("check-issued", "RFC 7519 §4.1.6"),
    ("check-issuer", "RFC 8725 §3.8"),
    ("check-audience", "RFC 8725 §3.9"),
];
