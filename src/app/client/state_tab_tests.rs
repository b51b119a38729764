//! The races that the state machine must win: other tabs, the dialog, storage, and pages that were left alone.

use super::{
    AGAIN, ApiError, Effect, Event, Greeting, Mark, Moment, REFRESH, SignedIn, State, Stored, Tab, Timer, Why,
};
use super::{dialog_of, shows};

#[test]
fn the_same_user_who_signs_in_in_another_tab_changes_no_island() {
    let mut tab = Tab::in_use();
    let before = tab.signed_in();
    tab.other_signs_in(true);
    let mut effects = tab.takes(Event::TokenWritten);
    effects.extend(tab.takes(Event::MarkerWritten));
    effects.extend(tab.is_greeted("ada"));
    effects.extend(tab.takes(Event::WhoseAnswered { session: tab.page.session.number, known: true }));
    assert_eq!(shows(&effects), []);
    assert_eq!(tab.signed_in(), before);
}

#[test]
fn another_user_who_signs_in_in_another_tab_takes_this_one_over() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenRevoked);
    let before = tab.page.user();
    tab.other_signs_in(true);
    tab.takes(Event::MarkerWritten);
    let session = tab.page.session.number;
    let effects = tab.is_greeted("grace");
    assert_eq!(shows(&effects), [SignedIn::Yes(before + 1)]);
    assert!(effects.contains(&Effect::Fail(2, ApiError::TokenRevoked)), "not repeated in the name of another");
    assert_eq!(tab.takes(Event::WhoseAnswered { session, known: true }), []);
}

#[test]
fn a_new_session_of_an_unknown_user_counts_as_another_users() {
    let mut tab = Tab::in_use();
    let user = tab.page.user();
    tab.other_signs_in(true);
    tab.takes(Event::MarkerWritten);
    let session = tab.page.session.number;
    assert_eq!(shows(&tab.takes(Event::WhoseAnswered { session, known: false })), [SignedIn::Yes(user + 1)]);
}

#[test]
fn a_call_that_the_server_has_when_another_user_signs_in_is_not_repeated() {
    let mut tab = Tab::in_use();
    tab.takes(Event::CallBegins(2));
    tab.signs_in("of grace", None);
    for error in [ApiError::TokenRevoked, ApiError::FreshTokenRequired] {
        tab.takes(Event::CallBegins(3));
        tab.signs_in("of another", None);
        assert_eq!(tab.takes(Event::CallRefused(3, error)), [Effect::Fail(3, error)]);
    }
    assert_eq!(tab.takes(Event::CallRefused(2, ApiError::TokenRevoked)), [Effect::Fail(2, ApiError::TokenRevoked)]);
}

#[test]
fn a_greeting_of_the_user_before_is_not_believed() {
    let mut tab = Tab::in_use();
    let greeting = Greeting { name: "ada".into(), admin: true, issued_at: 0, lifetime: 300, expires_in: 300 };
    let user = tab.page.user();
    tab.signs_in("of grace", None);
    assert_eq!(tab.takes(Event::Greeted { user, greeting }), []);
    assert_eq!(tab.page.name(), None);
}

#[test]
fn a_sign_out_in_another_tab_forgets_the_token_here_and_keeps_the_marker() {
    for marker in [Mark::Absent, Mark::SignedOut] {
        let mut tab = Tab::in_use();
        tab.moment = Moment { marker, marker_changed: true, ..tab.moment };
        let effects = tab.takes(Event::MarkerWritten);
        assert_eq!(shows(&effects), [SignedIn::No(Why::SignedOutInAnotherTab)]);
        assert!(effects.contains(&Effect::Forget));
        assert_eq!(tab.moment.marker, marker);
    }
}

#[test]
fn a_session_that_is_over_asks_for_the_password_once_for_all_calls_and_they_go_on() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenRevoked);
    tab.call(3, ApiError::TokenRevoked);
    let (number, why) = dialog_of(&tab.renewal_is(Err(ApiError::TokenRevoked))).unwrap();
    assert_eq!(why, Some(Why::Revoked));
    // A third call meets the same end: it waits with the others.
    tab.call(4, ApiError::TokenRevoked);
    assert_eq!(dialog_of(&tab.renewal_is(Err(ApiError::TokenRevoked))), None);
    let effects = tab.signs_in("new", Some(number));
    for id in 2..5 {
        assert!(effects.contains(&Effect::Go(id)));
    }
    assert!(effects.contains(&Effect::CloseDialog));
    assert_eq!(shows(&effects), [], "no island changes");
}

#[test]
fn a_dialog_that_is_cancelled_ends_the_session_that_is_over() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenRevoked);
    let (number, _) = dialog_of(&tab.renewal_is(Err(ApiError::RefreshTokenReused))).unwrap();
    let effects = tab.takes(Event::DialogClosed(number));
    assert_eq!(shows(&effects), [SignedIn::No(Why::Reused)]);
    assert!(effects.contains(&Effect::Fail(2, ApiError::TokenRevoked)));
    assert_eq!((tab.moment.token, tab.moment.marker), (false, Mark::Absent));
    assert_eq!(tab.takes(Event::DialogClosed(number)), [], "what the browser says of it later");
}

#[test]
fn an_action_that_is_not_confirmed_is_not_done_and_the_user_stays_signed_in() {
    let mut tab = Tab::in_use();
    let (number, why) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    assert_eq!(why, None);
    tab.takes(Event::SignInBegins(3));
    let effects = tab.takes(Event::DialogClosed(number));
    assert!(effects.contains(&Effect::Fail(2, ApiError::FreshTokenRequired)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SetTimer(Timer::Renewal, _))));
    assert!(tab.is(State::SignedIn));
    // A new dialog can open, and the old one does not count as its answer.
    let (second, _) = dialog_of(&tab.call(4, ApiError::FreshTokenRequired)).unwrap();
    assert_eq!(tab.takes(Event::DialogClosed(number)), []);
    assert!(tab.signs_in("fresh", Some(second)).contains(&Effect::Go(4)));
}

#[test]
fn a_password_that_is_still_not_fresh_is_not_asked_for_again() {
    let mut tab = Tab::in_use();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    tab.signs_in("fresh", Some(number));
    let refused = tab.takes(Event::CallRefused(2, ApiError::FreshTokenRequired));
    assert_eq!(refused, [Effect::Fail(2, ApiError::FreshTokenRequired)]);
}

#[test]
fn a_password_typed_in_another_tab_answers_the_dialog_of_this_one() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenRevoked);
    tab.renewal_is(Err(ApiError::TokenRevoked));
    tab.other_signs_in(true);
    let effects = tab.takes(Event::MarkerWritten);
    assert!(effects.contains(&Effect::ForgetOwn), "the token of the session before");
    assert!(!effects.contains(&Effect::CloseDialog), "it may be another user");
    let effects = tab.takes(Event::WhoseAnswered { session: tab.page.session.number, known: true });
    assert!(effects.contains(&Effect::CloseDialog) && effects.contains(&Effect::Go(2)));
}

#[test]
fn a_dialog_that_asks_since_then_is_not_answered_by_it() {
    let mut tab = Tab::in_use();
    tab.other_signs_in(true);
    tab.takes(Event::MarkerWritten);
    assert!(dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).is_some());
    assert_eq!(tab.takes(Event::WhoseAnswered { session: tab.page.session.number, known: true }), []);
}

#[test]
fn a_dialog_goes_when_another_tab_signs_out_and_a_password_sent_from_it_begins_a_session_anew() {
    let mut tab = Tab::in_use();
    let user = tab.page.user();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    tab.moment = Moment { marker: Mark::Absent, marker_changed: true, ..tab.moment };
    let effects = tab.takes(Event::MarkerWritten);
    assert!(effects.contains(&Effect::CloseDialog));
    assert!(effects.contains(&Effect::Fail(2, ApiError::FreshTokenRequired)));
    let effects = tab.signs_in("late", Some(number));
    assert_eq!(shows(&effects), [SignedIn::Yes(user + 2)]);
    assert!(!effects.contains(&Effect::Go(2)));
}

#[test]
fn a_password_that_is_typed_without_a_name_may_be_that_of_another_user() {
    let (mut tab, _) = Tab::started(Stored::Token, Mark::Session, false);
    tab.takes(Event::CallBegins(1));
    tab.takes(Event::CallAnswered(1));
    let user = tab.page.user();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    let effects = tab.signs_in("whose?", Some(number));
    assert_eq!(shows(&effects), [SignedIn::Yes(user + 1)]);
    assert!(effects.contains(&Effect::CloseDialog) && !effects.contains(&Effect::Go(2)));
}

#[test]
fn a_password_sent_from_a_dialog_that_was_cancelled_does_not_answer_the_next_one() {
    let mut tab = Tab::in_use();
    let (first, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    tab.takes(Event::DialogClosed(first));
    assert!(dialog_of(&tab.call(3, ApiError::FreshTokenRequired)).is_some());
    let effects = tab.signs_in("late", Some(first));
    assert!(effects.contains(&Effect::Fail(3, ApiError::FreshTokenRequired)) && !effects.contains(&Effect::Go(3)));
}

#[test]
fn a_call_whose_password_was_typed_is_of_the_new_session_and_can_meet_its_end() {
    let mut tab = Tab::in_use();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    tab.signs_in("fresh", Some(number));
    tab.takes(Event::CallRefused(2, ApiError::TokenRevoked));
    let (number, _) = dialog_of(&tab.renewal_is(Err(ApiError::TokenRevoked))).unwrap();
    assert_eq!(shows(&tab.takes(Event::DialogClosed(number))), [SignedIn::No(Why::Revoked)]);
}

#[test]
fn a_page_that_has_shown_nothing_yet_opens_no_dialog() {
    let (mut tab, _) = Tab::started(Stored::Token, Mark::Session, true);
    tab.call(2, ApiError::TokenRevoked);
    let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
    assert_eq!(dialog_of(&effects), None);
    assert_eq!(shows(&effects), [SignedIn::No(Why::Revoked)]);
}

#[test]
fn a_cookie_that_is_dead_is_asked_about_once_and_not_by_every_page() {
    let (mut tab, effects) = Tab::started(Stored::Nothing, Mark::Session, false);
    assert!(effects.contains(&REFRESH));
    tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(tab.is(State::SignedOut(Why::Revoked)));
    for event in [Event::CameBack, Event::Due(Timer::Renewal), Event::Tick(1e12)] {
        assert_eq!(tab.takes(event), []);
    }
    let (_, effects) = Tab::started(Stored::Nothing, tab.moment.marker, false);
    assert!(!effects.contains(&REFRESH), "the browser still has the cookie, out of reach");
}

#[test]
fn a_page_opened_without_a_token_takes_one_with_the_cookie() {
    let (mut tab, effects) = Tab::started(Stored::Nothing, Mark::Absent, true);
    assert_eq!(shows(&effects), [], "not known before the server has answered");
    let effects = tab.renewal_is(Ok("first"));
    assert_eq!(shows(&effects).len(), 1);
    assert!(tab.is(State::SignedIn) && effects.contains(&Effect::MarkIfUnmarked));
}

#[test]
fn a_page_opened_without_a_token_and_without_an_answer_counts_as_signed_in() {
    let (mut tab, _) = Tab::started(Stored::Nothing, Mark::Absent, true);
    assert_eq!(shows(&tab.renewal_is(Err(ApiError::Unreachable))).len(), 1);
    assert!(tab.is(State::SignedIn));
    assert!(tab.takes(Event::CallBegins(1)).contains(&REFRESH));
}

#[test]
fn what_no_server_issued_is_thrown_away() {
    let (tab, effects) = Tab::started(Stored::Damaged, Mark::Absent, true);
    assert!(effects.contains(&Effect::Forget) && !effects.contains(&REFRESH));
    assert!(tab.is(State::SignedOut(Why::NotValid)));
}

#[test]
fn storage_that_was_taken_away_ends_the_session_here_and_fails_what_waits() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.full = true;
    let effects = tab.renewal_is(Ok("second"));
    assert_eq!(shows(&effects), [SignedIn::No(Why::StorageRefused)]);
    assert!(effects.contains(&Effect::Fail(2, ApiError::TokenExpired)));

    tab.signs_in("third", None);
    assert!(tab.is(State::SignedOut(Why::StorageRefused)));
    assert!(Tab::started(Stored::Refused, Mark::Absent, true).0.is(State::SignedOut(Why::StorageRefused)));
}

#[test]
fn storage_that_was_cleared_keeps_the_user_signed_in() {
    let mut tab = Tab::in_use();
    tab.moment = Moment { token: false, marker: Mark::Absent, marker_changed: true, ..tab.moment };
    assert_eq!(tab.takes(Event::StorageCleared), [Effect::RestoreMarker, Effect::AskGreeting(None)]);
    assert!(tab.takes(Event::CallBegins(2)).contains(&REFRESH));
}

#[test]
fn a_user_who_comes_back_again_within_a_second_is_looked_after_when_it_is_over() {
    let mut tab = Tab::in_use();
    assert_eq!(tab.takes(Event::CameBack), [Effect::AskGreeting(None)]);
    tab.moment.now += 400.0;
    assert_eq!(tab.takes(Event::CameBack), [Effect::SetTimer(Timer::Look, 600)]);
    assert_eq!(tab.takes(Event::CameBack), []);
    tab.moment.now += 600.0;
    assert_eq!(tab.takes(Event::Due(Timer::Look)), [Effect::AskGreeting(None)]);
    tab.moment.now += 400.0;
    assert_eq!(tab.takes(Event::CameBack), [Effect::SetTimer(Timer::Look, 600)]);
}

#[test]
fn a_page_whose_computer_slept_asks_once() {
    let mut tab = Tab::in_use();
    assert_eq!(tab.takes(Event::Tick(1_000_000.0)), []);
    tab.moment.now += 5_000.0;
    assert_eq!(tab.takes(Event::Tick(1_005_000.0)), []);
    assert_eq!(tab.takes(Event::Tick(9_000_000.0)), [Effect::AskGreeting(None)]);
    tab.moment.now += 5_000.0;
    assert_eq!(tab.takes(Event::Tick(9_005_000.0)), []);
}

#[test]
fn a_page_in_the_background_renews_when_the_user_comes_back() {
    let mut tab = Tab::in_use();
    tab.moment = Moment { now: 36e6, hidden: true, ..tab.moment };
    assert_eq!(tab.takes(Event::Due(Timer::Renewal)), [Effect::SetTimer(Timer::Renewal, AGAIN)]);
    assert_eq!(tab.takes(Event::CameBack), []);
    tab.moment.hidden = false;
    assert_eq!(tab.takes(Event::CameBack), [Effect::AskGreeting(None)]);
    assert!(tab.takes(Event::CallBegins(2)).contains(&REFRESH), "its token has certainly ended");
}

#[test]
fn a_page_that_wakes_to_a_session_that_is_over_asks_once_whatever_comes_then() {
    let mut tab = Tab::in_use();
    tab.takes(Event::Due(Timer::Renewal));
    let (number, _) = dialog_of(&tab.renewal_is(Err(ApiError::TokenExpired))).unwrap();
    for event in [Event::CameBack, Event::Tick(0.0), Event::Due(Timer::Look), Event::MarkerWritten] {
        assert_eq!(tab.takes(event), []);
    }
    let effects = tab.takes(Event::DialogClosed(number));
    assert_eq!(shows(&effects), [SignedIn::No(Why::Expired)]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Fail(..))), "no call waited for it");
}

#[test]
fn a_page_that_has_shown_nothing_of_the_next_user_opens_no_dialog() {
    let mut tab = Tab::in_use();
    tab.takes(Event::CallBegins(2));
    tab.signs_in("of grace", None);
    // What was asked for the user before says nothing about this one.
    tab.takes(Event::CallAnswered(2));
    tab.call(3, ApiError::TokenRevoked);
    let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
    assert_eq!(dialog_of(&effects), None);
    assert_eq!(shows(&effects), [SignedIn::No(Why::Revoked)]);
}

#[test]
fn a_wrong_password_for_a_session_that_is_over_starts_no_renewal() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    assert!(dialog_of(&tab.renewal_is(Err(ApiError::TokenExpired))).is_some());
    tab.takes(Event::SignInBegins(3));
    tab.moment.now += 3_600_000.0;
    assert_eq!(tab.takes(Event::SignInRefused), []);
}
