//! Whose is a session that another tab has begun? Until the page knows, no call is repeated in it.

use super::{ApiError, Effect, Event, Tab, dialog_of};

#[test]
fn the_answer_about_one_session_of_another_tab_says_nothing_about_the_next() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::FreshTokenRequired);
    tab.other_signs_in(true);
    tab.takes(Event::MarkerWritten);
    let first = tab.page.session.number;
    tab.other_signs_in(true);
    let effects = tab.takes(Event::MarkerWritten);
    assert!(effects.contains(&Effect::AskGreeting(Some(first + 1))));
    assert_eq!(tab.takes(Event::WhoseAnswered { session: first, known: true }), []);
    assert!(tab.takes(Event::WhoseAnswered { session: first + 1, known: true }).contains(&Effect::Go(2)));
}

#[test]
fn a_call_of_the_session_before_waits_until_the_page_knows_whose_the_new_session_is() {
    for same_user in [true, false] {
        let mut tab = Tab::in_use();
        tab.call(2, ApiError::TokenExpired);
        for id in 3..5 {
            tab.takes(Event::CallBegins(id));
        }
        tab.other_signs_in(true);
        tab.takes(Event::MarkerWritten);
        let mut early = tab.takes(Event::CallRefused(3, ApiError::TokenRevoked));
        early.extend(tab.renewal_is(Err(ApiError::TokenRevoked)));
        early.extend(tab.takes(Event::CallRefused(4, ApiError::TokenRevoked)));
        // A call of the new session renews, and the others do not go on with that token.
        tab.call(5, ApiError::TokenExpired);
        early.extend(tab.renewal_is(Ok("of whom?")));
        let session = tab.page.session.number;
        let mut effects = tab.is_greeted(if same_user { "ada" } else { "grace" });
        effects.extend(tab.takes(Event::WhoseAnswered { session, known: true }));
        for id in 2..5 {
            assert!(!early.contains(&Effect::Go(id)));
            assert_eq!(effects.contains(&Effect::Go(id)), same_user, "{id}");
            assert_eq!(effects.iter().any(|effect| matches!(effect, Effect::Fail(of, _) if *of == id)), !same_user);
        }
        assert!(early.contains(&Effect::Go(5)));
    }
}

#[test]
fn a_password_typed_here_answers_the_question_whose_the_session_is() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.other_signs_in(false);
    tab.takes(Event::MarkerWritten);
    tab.renewal_is(Err(ApiError::TokenRevoked));
    tab.takes(Event::CallBegins(3));
    let (number, _) = dialog_of(&tab.renewal_is(Err(ApiError::TokenRevoked))).unwrap();
    let effects = tab.signs_in("of ada", Some(number));
    assert!(effects.contains(&Effect::Go(2)) && effects.contains(&Effect::Go(3)));
}

#[test]
fn a_dialog_that_asks_since_then_keeps_no_other_call_waiting() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.other_signs_in(true);
    tab.takes(Event::MarkerWritten);
    assert!(dialog_of(&tab.call(3, ApiError::FreshTokenRequired)).is_some());
    let session = tab.page.session.number;
    assert_eq!(tab.takes(Event::WhoseAnswered { session, known: true }), [Effect::Go(2)]);
}
