//! Security events in words. The codes are those of `server/domain/security_event.rs`.

use crate::api_types::EventSummary;

/// Returns what happened in words, and its mark: `good`, `warn`, `bad`, or none.
pub fn what_happened(event: &EventSummary) -> (String, &'static str) {
    let (words, tone) = match event.kind.as_str() {
        "signed_in" => ("Signed in", "good"),
        "sign_in_failed" => ("Sign-in failed", "warn"),
        "signed_up" => ("Account created", "good"),
        "session_ended" => ("Session ended", ""),
        "other_sessions_ended" => ("All other sessions ended", ""),
        "all_sessions_ended" => ("All sessions ended", ""),
        "password_changed" => ("Password changed", "warn"),
        "refresh_token_reused" => ("Session ended for safety: an old key to it was used a second time", "bad"),
        "disabled" => ("Account disabled", "bad"),
        "enabled" => ("Account enabled", "good"),
        "made_admin" => ("Made an administrator", "warn"),
        "unmade_admin" => ("No longer an administrator", ""),
        "removed" => ("Account removed", "bad"),
        "invited" => ("Invitation made", ""),
        "keys_rotated" => ("Signing keys rotated", "warn"),
        "factor_added" => ("Second factor added", "warn"),
        "factor_removed" => ("Second factor removed", "warn"),
        "factor_refused" => ("Second factor wrong", "warn"),
        "recovery_code_used" => ("Recovery code used", "warn"),
        "email_changed" => ("Email address changed", "warn"),
        "password_reset" => ("Password reset by mail", "warn"),
        // From a newer server than this page.
        other => return (["Unknown event: ", &other.replace('_', " ")].concat(), ""),
    };
    (words.to_owned(), tone)
}

/// Returns who did it, if it was not the owner; otherwise an empty text.
pub fn by_whom(event: &EventSummary) -> String {
    match event.by.as_str() {
        "" => String::new(),
        "operator" => "by an operator, on the server".to_owned(),
        name => ["by ", name].concat(),
    }
}
