//! Makes an invitation, and shows its link once: it cannot be shown again.

use leptos::prelude::*;

use crate::api_types::InvitationAnswer;
use crate::app::components::asking::Asking;
use crate::app::components::copy_command::{CopyCommand, copies};
use crate::app::components::piece::Piece;
use crate::app::components::sentences::trouble;
use crate::app::components::time_words::until;

/// Part of another template.
#[component]
pub fn Invitation() -> impl IntoView {
    view! {
        <div class="list-head">
            <p class="lead list-head__words">"An invitation is a link by which one person can make an account."</p>
            <button class="button" type="button" data-part="invite">
                <span class="button__label">"Make an invitation"</span>
            </button>
        </div>
        <p class="problems list-problem" role="alert" hidden data-part="invite-problem"></p>
        <section
            class="card invitation"
            id="invitation"
            tabindex="-1"
            aria-labelledby="invitation-title"
            hidden
            data-part="invitation"
        >
            <h2 id="invitation-title">"Send this link to one person"</h2>
            <CopyCommand what="Link"/>
            <p class="code invitation__link"><code data-part="link"></code></p>
            <p class="invitation__then">
                "It works once, until " <span data-part="expiry"></span>
                ". It is shown only now: copy it before you leave."
            </p>
        </section>
    }
}

/// Lets the button inside make invitations; `now` is by the server's clock, in Unix seconds.
pub fn invites(place: &Piece, now: i64, invite: fn() -> Asking<InvitationAnswer>) {
    let button = place.part("invite");
    let asks = button.clone();
    let [problem, shown, link, expiry] =
        ["invite-problem", "invitation", "link", "expiry"].map(|part| place.part(part));
    let copied = link.clone();
    copies(place, move || copied.text());
    button.on("click", move |_| {
        let (problem, shown, link, expiry) = (problem.clone(), shown.clone(), link.clone(), expiry.clone());
        asks.ask(invite, move |answer| {
            problem.complain(answer.as_ref().err().copied().map_or("", trouble));
            if let Ok(invitation) = answer {
                link.say(&invitation.link);
                expiry.say(&until(invitation.expires_at, now));
                shown.show(true);
                // The user reads on from there.
                shown.focus();
            }
        });
    });
}
