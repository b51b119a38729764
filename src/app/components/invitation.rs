//! Makes an invitation, and shows its link once: it cannot be shown again.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api_types::InvitationAnswer;
use crate::app::components::asking::Asking;
use crate::app::components::copy_command::CopyCommand;
use crate::app::components::dom::{Flag, focus};
use crate::app::components::form_problems::Problem;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::until;

#[component]
pub fn Invitation(
    /// By the server's clock, in Unix seconds.
    now: i64,
    invite: fn() -> Asking<InvitationAnswer>,
) -> impl IntoView {
    let link = RwSignal::new(String::new());
    let expiry = RwSignal::new(String::new());
    let none: Flag = RwSignal::new(Some(""));
    let busy: Flag = RwSignal::new(None);
    let problem = Problem::none();
    let click = move |_| {
        if busy.get_untracked().is_some() {
            return;
        }
        busy.set(Some("true"));
        spawn_local(async move {
            let answer = invite().await;
            // The page may show something else by now.
            if busy.try_set(None).is_some() {
                return;
            }
            match answer {
                Ok(invitation) => {
                    problem.say("");
                    link.set(invitation.link);
                    expiry.set(until(invitation.expires_at, now));
                    none.set(None);
                    focus(LINK);
                }
                Err(error) => problem.say(trouble(error)),
            }
        });
    };
    view! {
        <div class="list-head">
            <p class="lead list-head__words">"An invitation is a link by which one person can make an account."</p>
            <button class="button" type="button" aria-busy=busy on:click=click>
                <span class="button__label">"Make an invitation"</span>
            </button>
        </div>
        <p class="problems list-problem" role="alert" hidden=problem.hidden>{problem.words}</p>
        <section class="card invitation" id=LINK tabindex="-1" aria-labelledby="invitation-title" hidden=none>
            <h2 id="invitation-title">"Send this link to one person"</h2>
            <CopyCommand what="Link" command=move || link.get_untracked()/>
            <p class="code invitation__link"><code>{link}</code></p>
            <p class="invitation__then">
                "It works once, until " {expiry} ". It is shown only now: copy it before you leave."
            </p>
        </section>
    }
}

/// Gets the focus when it appears, so that the user reads on from there.
const LINK: &str = "invitation";
