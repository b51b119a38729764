//! The passkeys in the autofill of the sign-in form: one question at a time waits in the browser until the user chooses one,
//! signs in otherwise, or the challenge gets too old. Pure, like the rest of the machine; it is a machine of its own, because
//! only one page has it.

/// The question is asked anew after this time, in milliseconds: before the server forgets its challenge (five minutes), with
/// a minute for the user's device.
pub const RENEW_AFTER: u32 = 240_000;

/// What the page knows.
#[derive(Default)]
pub struct Autofill {
    state: State,
    /// That of the newest question. Answers to older ones are ignored.
    number: u32,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing is offered.
    #[default]
    Off,
    /// The server is asked for a challenge.
    Asking,
    /// The browser offers the passkeys.
    Offered,
    /// The user chose one, and the server judges it.
    Sending,
    /// The user signs in with the form, or did in another tab.
    Elsewhere,
    /// The browser shows the dialog of the button: it can answer one question at a time.
    InDialog,
}

/// Something happened. The numbers are those of the effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A person is there: offer passkeys.
    Begin,
    /// The person came back to the form, after a wrong password too: offer passkeys again.
    Focus,
    /// The server answered; `true`: with a challenge.
    Asked(u32, bool),
    Chosen(u32),
    /// The browser offers them no more.
    Closed(u32),
    /// The server refused the passkey, or did not answer.
    Refused(u32),
    /// The user signs in in another way: with the form, or in another tab.
    Otherwise,
    /// The button was pressed.
    Pressed,
    /// The dialog of the button is over, and nobody is signed in.
    Released,
    /// The challenge is about to become too old.
    Due,
}

/// What the driver must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Asks the server for a challenge.
    Ask(u32),
    /// Offers the passkeys in the browser.
    Offer(u32),
    /// Withdraws the offer.
    Withdraw,
    SetTimer(u32),
    StopTimer,
    /// Sends the passkey that the user chose.
    Send(u32),
}

/// Handles one event, and returns the effects in order.
pub fn step(page: &mut Autofill, event: Event) -> Vec<Effect> {
    let current = |number: u32| number == page.number;
    match (page.state, event) {
        (State::Off, Event::Begin) | (State::Off | State::Elsewhere, Event::Focus) => ask(page),
        (State::Asking, Event::Asked(number, challenged)) if current(number) => {
            page.state = if challenged { State::Offered } else { State::Off };
            if challenged { vec![Effect::Offer(number), Effect::SetTimer(RENEW_AFTER)] } else { Vec::new() }
        }
        (State::Offered, Event::Chosen(number)) if current(number) => {
            page.state = State::Sending;
            vec![Effect::StopTimer, Effect::Send(number)]
        }
        (State::Offered, Event::Closed(number)) if current(number) => {
            page.state = State::Off;
            vec![Effect::StopTimer]
        }
        (State::Sending, Event::Refused(number)) if current(number) => {
            page.state = State::Off;
            Vec::new()
        }
        (State::Off | State::Asking | State::Offered, Event::Otherwise) => withdraw(page, State::Elsewhere),
        (State::Off | State::Asking | State::Offered | State::Elsewhere, Event::Pressed) => {
            withdraw(page, State::InDialog)
        }
        (State::InDialog, Event::Released) => {
            page.state = State::Off;
            Vec::new()
        }
        (State::Offered, Event::Due) => {
            let mut effects = vec![Effect::Withdraw];
            effects.extend(ask(page));
            effects
        }
        _ => Vec::new(),
    }
}

fn withdraw(page: &mut Autofill, next: State) -> Vec<Effect> {
    let offered = page.state == State::Offered;
    page.state = next;
    if offered { vec![Effect::StopTimer, Effect::Withdraw] } else { Vec::new() }
}

fn ask(page: &mut Autofill) -> Vec<Effect> {
    page.state = State::Asking;
    page.number = page.number.wrapping_add(1);
    vec![Effect::Ask(page.number)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs these events. Returns the effects of the last.
    fn after(events: &[Event]) -> Vec<Effect> {
        let mut page = Autofill::default();
        events.iter().fold(Vec::new(), |_, event| step(&mut page, *event))
    }

    const OFFERED: [Event; 2] = [Event::Begin, Event::Asked(1, true)];

    #[test]
    fn a_person_is_offered_passkeys_once_and_the_one_they_choose_is_sent() {
        assert_eq!(after(&[Event::Begin]), [Effect::Ask(1)]);
        assert_eq!(after(&OFFERED), [Effect::Offer(1), Effect::SetTimer(RENEW_AFTER)]);
        let [begin, asked] = OFFERED;
        assert_eq!(after(&[begin, asked, Event::Begin]), []);
        assert_eq!(after(&[begin, asked, Event::Chosen(1)]), [Effect::StopTimer, Effect::Send(1)]);
        assert_eq!(after(&[begin, asked, Event::Chosen(1), Event::Chosen(1)]), [], "once");
    }

    #[test]
    fn after_a_refused_passkey_the_person_is_offered_another_when_they_come_back() {
        let [begin, asked] = OFFERED;
        let refused = [begin, asked, Event::Chosen(1), Event::Refused(1)];
        assert_eq!(after(&refused), []);
        assert_eq!(after(&[&refused[..], &[Event::Focus]].concat()), [Effect::Ask(2)]);
        assert_eq!(after(&[begin, Event::Asked(1, false)]), [], "the server gives no challenge");
        assert_eq!(after(&[begin, Event::Asked(1, false), Event::Begin]), [Effect::Ask(2)]);
    }

    #[test]
    fn a_form_that_is_sent_withdraws_the_offer_and_a_late_answer_changes_nothing() {
        let [begin, asked] = OFFERED;
        assert_eq!(after(&[begin, asked, Event::Otherwise]), [Effect::StopTimer, Effect::Withdraw]);
        for late in [Event::Chosen(1), Event::Closed(1), Event::Due, Event::Refused(1)] {
            assert_eq!(after(&[begin, asked, Event::Otherwise, late]), [], "{late:?}");
        }
        // While the server is asked for a challenge, or before it is.
        assert_eq!(after(&[begin, Event::Otherwise, asked]), []);
        assert_eq!(after(&[Event::Otherwise, begin]), [], "the password is on its way");
        // A wrong password: the next offer is another one, and nothing of the first counts for it.
        assert_eq!(after(&[begin, asked, Event::Otherwise, Event::Focus]), [Effect::Ask(2)]);
        assert_eq!(after(&[begin, asked, Event::Otherwise, Event::Focus, Event::Asked(1, true)]), []);
        assert_eq!(after(&[begin, asked, Event::Otherwise, Event::Focus, Event::Asked(2, true), Event::Closed(1)]), []);
    }

    #[test]
    fn nothing_is_offered_while_the_dialog_of_the_button_is_open() {
        let [begin, asked] = OFFERED;
        assert_eq!(after(&[begin, asked, Event::Pressed]), [Effect::StopTimer, Effect::Withdraw]);
        // The button is what loads the file: the question whether the browser has an autofill is answered later.
        for event in [begin, Event::Focus, Event::Otherwise, Event::Asked(1, true), Event::Due] {
            assert_eq!(after(&[Event::Pressed, event]), [], "{event:?}");
            assert_eq!(after(&[begin, Event::Pressed, event]), [], "{event:?}");
        }
        assert_eq!(after(&[Event::Pressed, Event::Released]), []);
        assert_eq!(after(&[Event::Pressed, Event::Released, Event::Focus]), [Effect::Ask(1)]);
    }

    #[test]
    fn a_passkey_that_was_chosen_is_sent_whatever_another_tab_does() {
        let [begin, asked] = OFFERED;
        assert_eq!(after(&[begin, asked, Event::Chosen(1), Event::Otherwise]), []);
        assert_eq!(after(&[begin, asked, Event::Chosen(1), Event::Due]), []);
    }

    #[test]
    fn an_offer_that_gets_old_is_replaced_by_one_with_a_new_challenge() {
        let [begin, asked] = OFFERED;
        assert_eq!(after(&[begin, asked, Event::Due]), [Effect::Withdraw, Effect::Ask(2)]);
        // The browser reports the end of the first only now.
        assert_eq!(after(&[begin, asked, Event::Due, Event::Closed(1), Event::Asked(2, true)])[0], Effect::Offer(2));
    }

    #[test]
    fn an_offer_that_the_browser_closed_comes_back_with_the_person() {
        let [begin, asked] = OFFERED;
        assert_eq!(after(&[begin, asked, Event::Closed(1)]), [Effect::StopTimer]);
        assert_eq!(after(&[begin, asked, Event::Closed(1), Event::Focus]), [Effect::Ask(2)]);
    }
}
