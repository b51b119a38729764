//! What a protected page consists of: what it shows while it waits, the place of its contents, and what it shows instead of
//! them. The server writes all of it; `islands/awaited.rs` shows one after the other.

use leptos::prelude::*;

use crate::app::components::parting::PartingTemplate;

/// The id of the template of what is shown first, and while the server is asked again.
pub const AWAITED: &str = "awaited";

/// The id of the place of the contents.
pub const CONTENTS: &str = "contents";

/// The children are what is shown first.
#[component]
pub fn Contents(
    /// What the visitor must sign in for.
    sign_in_to: &'static str,
    /// The heading if the contents did not load.
    not_arrived: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    view! {
        <div class="contents" id=CONTENTS>{children()}</div>
        <template id=AWAITED>
            <div class="contents">{children()}</div>
        </template>
        <PartingTemplate sign_in_to not_arrived/>
    }
}
