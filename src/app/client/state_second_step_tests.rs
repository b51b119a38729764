//! What happens between the password and the second factor: in the dialog, and on the page of the second step.

use super::*;

/// The password was right, and the server asks for the second factor: to the machine a sign-in that was refused.
fn password_was_right(tab: &mut Tab, form: u32) -> Vec<Effect> {
    assert!(tab.takes(Event::SignInBegins(form)).contains(&Effect::Go(form)));
    tab.takes(Event::SignInRefused)
}

#[test]
fn while_the_dialog_asks_for_the_second_factor_the_call_waits_and_the_renewals_go_on() {
    let mut tab = Tab::in_use();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    let effects = password_was_right(&mut tab, 3);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SetTimer(Timer::Renewal, _))), "{effects:?}");
    assert!(!effects.contains(&Effect::CloseDialog) && !effects.contains(&Effect::Go(2)), "{effects:?}");
    assert!(tab.takes(Event::Due(Timer::Renewal)).contains(&REFRESH));
    // The second factor waits for its answer, so that it does not overwrite the new cookie.
    assert!(!tab.takes(Event::SignInBegins(4)).contains(&Effect::Go(4)));
    assert!(tab.renewal_is(Ok("second")).contains(&Effect::Go(4)));
    let effects = tab.signs_in("fresh", Some(number));
    assert!(effects.contains(&Effect::CloseDialog) && effects.contains(&Effect::Go(2)), "{effects:?}");
    assert_eq!(shows(&effects), [], "no island changes");
}

#[test]
fn a_sign_out_in_another_tab_between_the_steps_closes_the_dialog_and_does_nothing_in_the_name_of_the_user() {
    let mut tab = Tab::in_use();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    password_was_right(&mut tab, 3);
    assert!(tab.takes(Event::SignInBegins(4)).contains(&Effect::Go(4)));
    tab.moment = Moment { marker: Mark::Absent, marker_changed: true, ..tab.moment };
    let effects = tab.takes(Event::MarkerWritten);
    assert!(effects.contains(&Effect::CloseDialog), "{effects:?}");
    assert!(effects.contains(&Effect::Fail(2, ApiError::FreshTokenRequired)), "{effects:?}");
    assert_eq!(shows(&effects), [SignedIn::No(Why::SignedOutInAnotherTab)]);
    // The second factor was on its way: a session anew, which the call is not of.
    assert!(!tab.signs_in("late", Some(number)).contains(&Effect::Go(2)));
}

#[test]
fn a_sign_out_here_between_the_steps_reaches_the_server_and_the_dialog_is_gone() {
    let mut tab = Tab::in_use();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    password_was_right(&mut tab, 3);
    let effects = tab.takes(Event::SignOut);
    assert!(effects.contains(&LOGOUT) && effects.contains(&Effect::CloseDialog), "{effects:?}");
    assert!(effects.contains(&Effect::Fail(2, ApiError::FreshTokenRequired)), "{effects:?}");
    assert_eq!(tab.takes(Event::DialogClosed(number)), [], "what the browser says of it later");
    assert_eq!((tab.moment.token, tab.moment.marker), (false, Mark::SignedOut));
}

#[test]
fn the_same_user_who_completes_a_sign_in_in_another_tab_answers_the_dialog_of_this_one() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::FreshTokenRequired);
    password_was_right(&mut tab, 3);
    tab.other_signs_in(true);
    assert!(!tab.takes(Event::MarkerWritten).contains(&Effect::CloseDialog), "it may be another user");
    let effects = tab.takes(Event::WhoseAnswered { session: tab.page.session.number, known: true });
    assert!(effects.contains(&Effect::CloseDialog) && effects.contains(&Effect::Go(2)), "{effects:?}");
}

#[test]
fn of_two_tabs_with_a_second_step_the_later_one_begins_a_session_of_its_own() {
    let (mut tab, _) = Tab::started(Stored::Nothing, Mark::Absent, false);
    password_was_right(&mut tab, 2);
    tab.other_signs_in(true);
    let user = tab.page.user();
    assert_eq!(shows(&tab.takes(Event::MarkerWritten)), [SignedIn::Yes(user + 1)]);
    assert!(tab.takes(Event::SignInBegins(3)).contains(&Effect::Go(3)));
    assert_eq!(shows(&tab.signs_in("second", None)), [SignedIn::Yes(user + 2)]);
    assert_eq!(tab.kept.as_deref(), Some("second"));
}

#[test]
fn a_second_step_gives_up_a_sign_out_on_its_way_which_could_end_the_new_session() {
    let mut tab = Tab::in_use();
    tab.takes(Event::SignOut);
    password_was_right(&mut tab, 2);
    // The user comes back: the sign-out did not reach the server, and is sent again.
    assert!(tab.takes(Event::CameBack).contains(&LOGOUT));
    let effects = tab.takes(Event::SignInBegins(3));
    assert!(effects.contains(&Effect::GiveUp(Door::Logout)) && effects.contains(&Effect::Go(3)), "{effects:?}");
    tab.signs_in("new", None);
    tab.takes(Event::LogoutAnswered(Ok(())));
    assert_eq!((tab.signed_in(), tab.moment.marker), (SignedIn::Yes(tab.page.user()), Mark::Session));
}
