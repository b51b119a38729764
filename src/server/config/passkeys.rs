//! The settings of passkeys.

use super::settings::{BadSetting, Settings, bad};
use crate::server::domain::relying_party::RelyingParty;
use crate::server::domain::web_origins::WebOrigins;

/// Returns the relying party; `None` if `public_url` has an address for a host. `related`: the origins of other domains.
pub(super) fn relying_party(
    settings: &Settings,
    public_url: &str,
    related: WebOrigins,
) -> Result<Option<RelyingParty>, BadSetting> {
    const FIX: &str =
        "use the host of PUBLIC_URL or a parent domain of it, like example.org for https://id.example.org";
    let id = settings.get("WEBAUTHN_RP_ID");
    RelyingParty::of(public_url, id, related)
        .map_err(|unfit| bad("WEBAUTHN_RP_ID", format!("is `{}`, which {unfit}", id.unwrap_or_default()), FIX))
}
