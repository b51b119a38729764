//! The races that the state machine must win: signing in and out, renewals. Each test is one tab, with a browser that
//! stores what the effects say.

use super::page::{Page, State};
use super::step;
use crate::api_types::ApiError;
use crate::app::browser::{Keep, Mark, Stored};
use crate::app::client::values::{
    AGAIN, Door, Effect, Event, Greeting, Moment, PATIENCE, Renewed, SignedIn, Timer, Why,
};

#[path = "state_second_step_tests.rs"]
mod second_step;
#[path = "state_tab_tests.rs"]
mod tabs;
#[path = "state_whose_tests.rs"]
mod whose;

const REFRESH: Effect = Effect::Send(Door::Refresh);
const LOGOUT: Effect = Effect::Send(Door::Logout);

/// A page in a tab, and what its browser keeps.
struct Tab {
    page: Page,
    moment: Moment,
    /// The token that was kept last.
    kept: Option<String>,
    /// Whether a token is kept where all tabs read it.
    shared: bool,
    /// Whether the storage takes a token.
    full: bool,
}

impl Tab {
    fn started(stored: Stored, marker: Mark, server_says: bool) -> (Self, Vec<Effect>) {
        let token = stored == Stored::Token;
        let moment = Moment { now: 5_000.0, hidden: false, token, marker, marker_changed: false };
        let mut tab = Self { page: Page::new(), moment, kept: None, shared: false, full: false };
        let effects = tab.takes(Event::Started { stored, server_says });
        (tab, effects)
    }

    /// Ada is signed in, and the page has shown some of her data.
    fn in_use() -> Self {
        let (mut tab, _) = Self::started(Stored::Token, Mark::Session, false);
        assert_eq!(tab.takes(Event::CallBegins(1)), [Effect::Go(1)]);
        tab.takes(Event::CallAnswered(1));
        tab.is_greeted("ada");
        tab
    }

    /// Does what the driver does with the storage.
    fn takes(&mut self, event: Event) -> Vec<Effect> {
        let mut all = Vec::new();
        for effect in step(&mut self.page, event, self.moment) {
            let mut then = Vec::new();
            match &effect {
                Effect::Forget => (self.shared, self.moment.token) = (false, false),
                Effect::ForgetOwn => self.moment.token = self.shared,
                Effect::Unmark | Effect::UnmarkSignedOut => self.moment.marker = Mark::Absent,
                Effect::MarkSignedOut => self.moment.marker = Mark::SignedOut,
                Effect::Mark(_) | Effect::RestoreMarker => self.moment.marker = Mark::Session,
                Effect::RememberMarker => self.moment.marker_changed = false,
                Effect::Keep(token, keeping) => {
                    if !self.full {
                        self.kept = Some(token.clone());
                        self.moment.token = true;
                        // Every sign-in of these tests is kept on this device.
                        self.shared |= keeping.new.is_some();
                    }
                    then = self.takes(Event::Kept(*keeping, !self.full));
                }
                _ => {}
            }
            all.push(effect);
            all.append(&mut then);
        }
        all
    }

    fn is_greeted(&mut self, name: &str) -> Vec<Effect> {
        let greeting = Greeting { name: name.into(), admin: false, issued_at: 0, lifetime: 300, expires_in: 300 };
        self.takes(Event::Greeted { user: self.page.user(), greeting })
    }

    /// A call that is sent, and refused with this error.
    fn call(&mut self, id: u32, error: ApiError) -> Vec<Effect> {
        assert_eq!(self.takes(Event::CallBegins(id)), [Effect::Go(id)]);
        self.takes(Event::CallRefused(id, error))
    }

    fn renewal_is(&mut self, answer: Result<&str, ApiError>) -> Vec<Effect> {
        let answer = answer.map(|token| Renewed { token: token.into(), expires_in: 300 });
        self.takes(Event::RenewalAnswered(answer))
    }

    fn signs_in(&mut self, token: &str, dialog: Option<u32>) -> Vec<Effect> {
        let keep = Keep::OnThisDevice;
        self.takes(Event::SignInAnswered { token: token.into(), expires_in: 300, keep, dialog })
    }

    /// Another tab signs in, and keeps its token where this tab reads it or not. This tab has not heard of it yet.
    fn other_signs_in(&mut self, shared: bool) {
        self.shared = shared;
        let token = self.moment.token || shared;
        self.moment = Moment { token, marker: Mark::Session, marker_changed: true, ..self.moment };
    }

    fn is(&self, state: State) -> bool {
        self.page.state == state
    }

    fn signed_in(&self) -> SignedIn {
        self.page.signed_in()
    }
}

fn shows(effects: &[Effect]) -> Vec<SignedIn> {
    effects.iter().filter_map(|effect| if let Effect::Show(shown) = effect { Some(*shown) } else { None }).collect()
}

fn dialog_of(effects: &[Effect]) -> Option<(u32, Option<Why>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::OpenDialog { number, why } => Some((*number, *why)),
        _ => None,
    })
}

#[test]
fn a_call_that_meets_an_expired_token_is_repeated_once_and_never_goes_round() {
    let mut tab = Tab::in_use();
    assert!(tab.call(2, ApiError::TokenExpired).contains(&REFRESH));
    assert!(tab.renewal_is(Ok("second")).contains(&Effect::Go(2)));
    assert_eq!(tab.kept.as_deref(), Some("second"));
    assert_eq!(tab.takes(Event::CallRefused(2, ApiError::TokenExpired)), [Effect::Fail(2, ApiError::TokenExpired)]);
}

#[test]
fn a_call_for_which_a_second_factor_is_missing_is_repeated_once_with_a_new_token() {
    let mut tab = Tab::in_use();
    let missing = ApiError::SecondFactorEnrolmentRequired;
    assert!(tab.call(2, missing).contains(&REFRESH));
    assert!(tab.renewal_is(Ok("of both factors")).contains(&Effect::Go(2)));
    assert!(tab.takes(Event::CallRefused(2, missing)).contains(&Effect::Fail(2, missing)));
}

#[test]
fn many_calls_share_one_renewal() {
    let mut tab = Tab::in_use();
    let sent: Vec<_> = (2..5).flat_map(|id| tab.call(id, ApiError::TokenExpired)).filter(|e| *e == REFRESH).collect();
    assert_eq!(sent, [REFRESH]);
    let effects = tab.renewal_is(Ok("second"));
    for id in 2..5 {
        assert!(effects.contains(&Effect::Go(id)));
    }
}

#[test]
fn a_lost_answer_keeps_the_user_signed_in_and_is_asked_for_again() {
    for lost in [Event::RenewalAnswered(Err(ApiError::Unreachable)), Event::Due(Timer::RefreshPatience)] {
        let mut tab = Tab::in_use();
        assert!(tab.call(2, ApiError::TokenExpired).contains(&Effect::SetTimer(Timer::RefreshPatience, PATIENCE)));
        let effects = tab.takes(lost);
        assert!(effects.contains(&Effect::Fail(2, ApiError::Unreachable)));
        assert!(effects.contains(&Effect::SetTimer(Timer::Renewal, AGAIN)));
        assert!(tab.is(State::SignedIn));
        assert!(tab.takes(Event::Due(Timer::Renewal)).contains(&REFRESH));
    }
}

#[test]
fn a_renewal_that_is_given_up_is_not_listened_to_any_more() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    assert!(tab.takes(Event::Due(Timer::RefreshPatience)).contains(&Effect::GiveUp(Door::Refresh)));
    tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(tab.is(State::SignedIn));
}

#[test]
fn a_renewal_under_way_at_sign_out_does_not_sign_in_again() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    let effects = tab.takes(Event::SignOut);
    assert!(effects.contains(&Effect::Fail(2, ApiError::TokenExpired)));
    assert_eq!(shows(&tab.renewal_is(Ok("late"))), []);
    assert!(tab.is(State::SigningOut(Why::SigningOut)));
    assert_eq!(tab.kept, None);
}

#[test]
fn a_sign_out_takes_the_token_along_and_forgets_it_at_once() {
    let mut tab = Tab::in_use();
    let effects = tab.takes(Event::SignOut);
    let place = |wanted: &Effect| effects.iter().position(|effect| effect == wanted).unwrap();
    assert!(place(&LOGOUT) < place(&Effect::Forget));
    assert_eq!(shows(&effects), [SignedIn::No(Why::SigningOut)]);
    assert_eq!(tab.moment.marker, Mark::SignedOut);
    let effects = tab.takes(Event::LogoutAnswered(Ok(())));
    assert_eq!(shows(&effects), [SignedIn::No(Why::SignedOut)]);
    assert_eq!(tab.moment.marker, Mark::Absent);
}

#[test]
fn a_sign_out_of_a_session_that_the_server_does_not_know_is_one() {
    let mut tab = Tab::in_use();
    tab.takes(Event::SignOut);
    tab.takes(Event::LogoutAnswered(Err(ApiError::TokenRevoked)));
    assert!(tab.is(State::SignedOut(Why::SignedOut)));
}

#[test]
fn a_sign_out_without_an_answer_is_unconfirmed_and_confirmed_when_the_user_comes_back() {
    let mut tab = Tab::in_use();
    assert!(tab.takes(Event::SignOut).contains(&Effect::SetTimer(Timer::LogoutPatience, PATIENCE)));
    let effects = tab.takes(Event::Due(Timer::LogoutPatience));
    assert!(effects.contains(&Effect::GiveUp(Door::Logout)));
    assert_eq!(shows(&effects), [SignedIn::No(Why::SignedOutUnconfirmed)]);
    assert!(tab.takes(Event::CameBack).contains(&LOGOUT));
    assert_eq!(tab.takes(Event::CameBack), [], "it is on its way");
    assert_eq!(shows(&tab.takes(Event::LogoutAnswered(Ok(())))), [SignedIn::No(Why::SignedOut)]);
}

#[test]
fn a_page_opened_after_an_unconfirmed_sign_out_tells_the_server_and_not_the_user() {
    let (mut tab, effects) = Tab::started(Stored::Nothing, Mark::SignedOut, true);
    assert!(effects.contains(&LOGOUT) && !effects.contains(&REFRESH));
    assert_eq!(shows(&effects), [SignedIn::No(Why::NoToken)]);
    let effects = tab.takes(Event::LogoutAnswered(Ok(())));
    assert!(effects.contains(&Effect::UnmarkSignedOut));
    assert_eq!(shows(&effects), []);
}

#[test]
fn a_sign_in_gives_up_a_sign_out_on_its_way_which_could_end_the_new_session() {
    let mut tab = Tab::in_use();
    tab.takes(Event::SignOut);
    let effects = tab.takes(Event::SignInBegins(2));
    assert!(effects.contains(&Effect::GiveUp(Door::Logout)) && effects.contains(&Effect::Go(2)));

    let mut tab = Tab::in_use();
    tab.takes(Event::SignOut);
    tab.other_signs_in(true);
    assert!(tab.takes(Event::MarkerWritten).contains(&Effect::GiveUp(Door::Logout)));
    assert!(tab.is(State::SignedIn));
    tab.takes(Event::LogoutAnswered(Ok(())));
    assert_eq!(tab.moment.marker, Mark::Session);
}

#[test]
fn a_form_waits_for_the_renewal_on_its_way_but_not_for_ever() {
    for answer in [Event::RenewalAnswered(Err(ApiError::TokenRevoked)), Event::Due(Timer::RefreshPatience)] {
        let (mut tab, effects) = Tab::started(Stored::Nothing, Mark::Session, false);
        assert!(effects.contains(&REFRESH));
        assert!(!tab.takes(Event::SignInBegins(2)).contains(&Effect::Go(2)));
        assert!(tab.takes(answer).contains(&Effect::Go(2)));
    }
}

#[test]
fn a_refused_sign_in_does_not_end_the_renewals() {
    let mut tab = Tab::in_use();
    assert!(tab.takes(Event::SignInBegins(2)).contains(&Effect::StopTimer(Timer::Renewal)));
    tab.moment.now += 60_000.0;
    assert_eq!(tab.takes(Event::SignInRefused), [Effect::SetTimer(Timer::Renewal, 192_000)]);
}

#[test]
fn a_token_in_the_last_second_of_its_session_is_renewed_after_a_second_and_not_at_once() {
    for left in [0, 1] {
        let mut tab = Tab::in_use();
        assert!(tab.takes(Event::Due(Timer::Renewal)).contains(&REFRESH));
        let renewed = Renewed { token: "last".into(), expires_in: left };
        let effects = tab.takes(Event::RenewalAnswered(Ok(renewed)));
        assert!(effects.contains(&Effect::SetTimer(Timer::Renewal, 1000)), "{left}");
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Go(_))), "nobody waited for it");
    }
}

#[test]
fn what_comes_late_of_an_earlier_session_is_not_kept() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.signs_in("new", None);
    assert_eq!(shows(&tab.renewal_is(Ok("late"))), []);
    assert_eq!(tab.kept.as_deref(), Some("new"));
}

#[test]
fn a_late_refusal_does_not_end_the_session_that_another_tab_has_begun() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.other_signs_in(true);
    assert!(tab.takes(Event::MarkerWritten).contains(&Effect::AskGreeting(Some(tab.page.session.number))));
    let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(!effects.contains(&Effect::Forget) && !effects.contains(&Effect::Unmark));
    assert!(tab.is(State::SignedIn));
    let effects = tab.takes(Event::WhoseAnswered { session: tab.page.session.number, known: true });
    assert_eq!(effects, [Effect::Go(2)], "with the token of the new session");
}

#[test]
fn a_late_refusal_that_overtakes_the_news_of_the_sign_in_does_not_end_it_either() {
    for in_use in [true, false] {
        let mut tab = if in_use { Tab::in_use() } else { Tab::started(Stored::Token, Mark::Session, true).0 };
        tab.call(2, ApiError::TokenExpired);
        tab.other_signs_in(true);
        let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
        assert!(!effects.contains(&Effect::Forget) && !effects.contains(&Effect::Unmark));
        assert_eq!(dialog_of(&effects), None);
        assert!(tab.is(State::SignedIn));
    }
    // Also a page that has just been opened.
    let (mut tab, _) = Tab::started(Stored::Nothing, Mark::Session, false);
    tab.other_signs_in(true);
    tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(tab.is(State::SignedIn));
}

#[test]
fn after_a_late_refusal_a_call_of_the_new_session_sends_a_renewal_of_its_own() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    // If the tabs share no token.
    tab.other_signs_in(false);
    tab.takes(Event::MarkerWritten);
    assert_eq!(tab.takes(Event::CallBegins(3)), [], "waits for what is on its way");
    let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(effects.contains(&REFRESH) && !effects.contains(&Effect::Go(2)) && !effects.contains(&Effect::Go(3)));
    let effects = tab.renewal_is(Ok("new"));
    assert!(effects.contains(&Effect::Go(3)) && !effects.contains(&Effect::Go(2)), "whose is it?");
    let effects = tab.takes(Event::WhoseAnswered { session: tab.page.session.number, known: true });
    assert_eq!(effects, [Effect::Go(2)]);
}

#[test]
fn a_token_that_this_tab_kept_does_not_count_if_another_tab_signed_out_without_an_answer() {
    let (mut tab, effects) = Tab::started(Stored::Token, Mark::SignedOut, true);
    assert!(effects.contains(&Effect::Forget) && effects.contains(&LOGOUT));
    assert_eq!(shows(&effects), [SignedIn::No(Why::NoToken)]);
    tab.takes(Event::LogoutAnswered(Ok(())));
    assert_eq!((tab.moment.token, tab.moment.marker), (false, Mark::Absent));
}

#[test]
fn after_a_late_refusal_that_overtakes_the_news_of_the_sign_in_no_call_goes_out_without_a_token() {
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.other_signs_in(false);
    let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(effects.contains(&Effect::ForgetOwn) && !tab.moment.token);
    assert!(!effects.contains(&Effect::Go(2)) && !effects.contains(&Effect::Fail(2, ApiError::TokenExpired)));
}

#[test]
fn no_renewal_is_sent_while_a_password_is_on_its_way_because_its_answer_could_overwrite_the_new_cookie() {
    let mut tab = Tab::in_use();
    assert!(tab.takes(Event::SignInBegins(2)).contains(&Effect::Go(2)));
    assert!(!tab.call(3, ApiError::TokenExpired).contains(&REFRESH));
    assert!(!tab.takes(Event::Due(Timer::Renewal)).contains(&REFRESH));
    let effects = tab.takes(Event::SignInRefused);
    assert_eq!(effects.iter().filter(|effect| **effect == REFRESH).count(), 1, "for all that wait");
    assert!(tab.renewal_is(Ok("second")).contains(&Effect::Go(3)));

    // Also not after the renewal for which the form has waited.
    let mut tab = Tab::in_use();
    tab.call(2, ApiError::TokenExpired);
    tab.takes(Event::SignInBegins(3));
    tab.other_signs_in(false);
    tab.takes(Event::MarkerWritten);
    tab.takes(Event::CallBegins(4));
    let effects = tab.renewal_is(Err(ApiError::TokenRevoked));
    assert!(effects.contains(&Effect::Go(3)) && !effects.contains(&REFRESH));
}

#[test]
fn a_sign_in_in_the_dialog_lets_the_calls_go_on_that_waited_for_a_renewal() {
    let mut tab = Tab::in_use();
    let (number, _) = dialog_of(&tab.call(2, ApiError::FreshTokenRequired)).unwrap();
    tab.takes(Event::SignInBegins(3));
    tab.call(4, ApiError::TokenExpired);
    let effects = tab.signs_in("new", Some(number));
    assert!(effects.contains(&Effect::Go(2)) && effects.contains(&Effect::Go(4)) && !effects.contains(&REFRESH));
}

#[test]
fn a_password_that_gets_no_answer_does_not_stop_the_renewals_for_ever() {
    let mut tab = Tab::in_use();
    tab.takes(Event::SignInBegins(2));
    assert!(tab.call(3, ApiError::TokenExpired).contains(&Effect::SetTimer(Timer::RefreshPatience, PATIENCE)));
    assert_eq!(tab.call(4, ApiError::TokenExpired), [], "the wait is not prolonged");
    assert!(tab.takes(Event::Due(Timer::RefreshPatience)).contains(&REFRESH));
    assert!(tab.renewal_is(Ok("second")).contains(&Effect::Go(3)));
    tab.takes(Event::SignInRefused);
    assert!(tab.call(5, ApiError::TokenExpired).contains(&REFRESH));
}
