//! The form for a second factor, the island. It renders nothing: the server has written the form.

use leptos::prelude::*;

use crate::api_types::ApiError;
use crate::app::client::{self, Keep, NotSignedIn, Wanted, passkeys_supported};
use crate::app::components::{
    Asking, Codes, Failure, PASSKEY_WAY, Piece, answers_challenge, go_on, in_browser, keep_as_asked, passkey_problem,
    send_codes, sentences,
};
use crate::app::islands::passkey_sign_in::sign_in_by_passkey;

#[island(lazy)]
pub fn SecondFactorForm() -> impl IntoView {
    in_browser(|| {
        answers_challenge(|codes, keep| Box::pin(send(codes, keep)));
        offer_passkey();
    });
}

/// Makes the button work, if the user has a passkey, and the browser can use one.
fn offer_passkey() {
    let way = Piece::with_id(PASSKEY_WAY);
    way.show(passkeys_supported());
    let (button, problem) = (way.part("passkey"), way.part("problem"));
    way.part("passkey").on("click", move |_| {
        problem.complain("");
        let problem = problem.clone();
        let wanted = Wanted { after_password: true, username: String::new(), keep: keep_as_asked(), dialog: None };
        let ask = || -> Asking<_> { Box::pin(async { Ok(sign_in_by_passkey(wanted).await) }) };
        button.ask(ask, move |signed| match signed {
            Ok(Err(NotSignedIn::Refused(ApiError::ChallengeExpired))) => {
                problem.complain(sentences::sentence(ApiError::ChallengeExpired));
            }
            Ok(Err(why)) => problem.complain(passkey_problem(why)),
            Ok(Ok(())) | Err(_) => go_on(),
        });
    });
}

/// Returns whether the browser keeps the token.
async fn send(codes: Codes, keep: Keep) -> Result<bool, ApiError> {
    match send_codes(codes, keep).await {
        Ok(answer) => Ok(client::sign_in(answer, keep).is_ok()),
        Err(Failure::StorageRefused) => Ok(false),
        Err(Failure::Refused(error)) => Err(error),
    }
}
