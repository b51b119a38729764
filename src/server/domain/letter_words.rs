//! The words of every letter: what happened, when and where, and what to do if it was somebody else.

use jiff::Timestamp;

use super::letter::{Letter, Paragraph};
use super::security_event::{EventKind, SecurityEvent};
use super::session::Origin;
use super::unix_time::UnixTime;

/// The account that a letter is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'t> {
    /// The address of the letter.
    pub to: &'t str,
    pub username: &'t str,
    pub public_url: &'t str,
}

/// The link with which a user confirms the address of the letter.
#[must_use]
pub fn confirm_email(about: About<'_>, link: String, at: UnixTime, origin: &Origin) -> Letter {
    let asked = format!(
        "Somebody who is signed in to {} as {} wants to use this email address for that account.",
        about.public_url, about.username
    );
    about.letter(
        "Confirm your email address",
        vec![
            Paragraph::Words(asked),
            facts(at, origin, None),
            words("If it was you, open this link, and press the button on that page:"),
            Paragraph::Link(link),
            words("The link works once, within 24 hours."),
            words("If it was not you, do nothing: the address is not used until somebody opens the link."),
        ],
    )
}

/// Tells the address that an account has that the user asked for another one.
#[must_use]
pub fn another_email_asked(about: About<'_>, at: UnixTime, origin: &Origin) -> Letter {
    about.letter(
        "A new email address was asked for",
        vec![
            words("Somebody who is signed in to your account wants to use another email address for it."),
            facts(at, origin, None),
            words("Until the link in a mail to the new address is opened, your account keeps this address."),
            words(NOTHING_TO_DO),
            if_not_you("change your password, and end the sessions that you do not know"),
            Paragraph::Link(about.page("/account")),
        ],
    )
}

/// Tells the address that an account had that it has another one.
#[must_use]
pub fn email_replaced(about: About<'_>, at: UnixTime, origin: &Origin) -> Letter {
    about.letter(
        "Your email address was changed",
        vec![
            words("Your account has another email address now. Mails about it do not come to this address any more."),
            facts(at, origin, None),
            words(NOTHING_TO_DO),
            if_not_you("change your password, then change the address back, and tell the administrator"),
            Paragraph::Link(about.page("/account")),
        ],
    )
}

/// The link with which a user chooses a new password.
#[must_use]
pub fn reset_password(about: About<'_>, link: String, at: UnixTime, origin: &Origin) -> Letter {
    about.letter(
        "Choose a new password",
        vec![
            words("Somebody asked for a new password for your account."),
            facts(at, origin, None),
            words("If it was you, open this link and choose a new password:"),
            Paragraph::Link(link),
            words("The link works once, within 30 minutes. After that, all your sessions have ended, and you sign in anew."),
            words("If it was not you, do nothing: your password stays as it is."),
        ],
    )
}

/// Tells the user of an account of an event; `None` for events that are not told.
#[must_use]
pub fn notice(about: About<'_>, event: &SecurityEvent) -> Option<Letter> {
    const SESSIONS: &str = "/sessions";
    const FORGOT: &str = "/password/forgot";
    const ACCOUNT: &str = "/account";
    let (subject, happened, to_do, page) = match event.kind {
        EventKind::SignedIn => (
            "New sign-in to your account",
            "Somebody signed in to your account with a device that has not signed in to it before.",
            "end that session, and change your password",
            SESSIONS,
        ),
        EventKind::PasswordChanged => (
            "Your password was changed",
            "The password of your account was changed.",
            "choose a new password, and tell the administrator",
            FORGOT,
        ),
        EventKind::PasswordReset => (
            "Your password was changed",
            "A new password for your account was chosen, with a link from a mail to this address. All sessions have ended.",
            "somebody else may read your mail: change the password of your mailbox, and then choose a new password here",
            FORGOT,
        ),
        EventKind::FactorAdded => (
            "A way to sign in was added",
            "A second factor or a passkey was added to your account.",
            "remove it, and change your password",
            ACCOUNT,
        ),
        EventKind::FactorRemoved => (
            "A way to sign in was removed",
            "A second factor or a passkey was removed from your account.",
            "change your password, and tell the administrator",
            ACCOUNT,
        ),
        EventKind::RefreshTokenReused => (
            "A session was ended for safety",
            "One of your sessions was used from two places at the same time, so the server ended it. Somebody may have \
             copied it.",
            "change your password",
            ACCOUNT,
        ),
        EventKind::EmailChanged => (
            "Your email address was confirmed",
            "Your account uses this email address from now on. You can sign in with it.",
            "tell the administrator",
            ACCOUNT,
        ),
        _ => return None,
    };
    let paragraphs = vec![
        words(happened),
        facts(event.at, &event.origin, event.by.as_deref()),
        words(NOTHING_TO_DO),
        if_not_you(to_do),
        Paragraph::Link(about.page(page)),
    ];
    Some(about.letter(subject, paragraphs))
}

const NOTHING_TO_DO: &str = "If it was you, there is nothing to do.";

impl About<'_> {
    fn letter(&self, subject: &str, mut paragraphs: Vec<Paragraph>) -> Letter {
        paragraphs.insert(0, Paragraph::Words(format!("Hello {},", self.username)));
        paragraphs.push(Paragraph::Words(format!("This is a message from {}. Nobody reads replies.", self.public_url)));
        Letter::new(self.to, subject, &paragraphs)
    }

    fn page(&self, path: &str) -> String {
        [self.public_url, path].concat()
    }
}

fn if_not_you(to_do: &str) -> Paragraph {
    Paragraph::Words(format!("If it was not you, {to_do}."))
}

fn words(words: &str) -> Paragraph {
    Paragraph::Words(words.to_owned())
}

/// When it happened, and where: as much as the list of sessions shows.
fn facts(at: UnixTime, Origin { device, address }: &Origin, by: Option<&str>) -> Paragraph {
    let when =
        Timestamp::from_second(at.0).map_or_else(|_| at.to_string(), |at| at.strftime("%F %H:%M UTC").to_string());
    let mut facts = vec![("When", when)];
    let others = [("Device", device.as_str()), ("Address", address), ("Done by", by.unwrap_or_default())];
    facts.extend(
        others.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, value.to_owned())),
    );
    Paragraph::Facts(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::domain::ids::{EventId, UserId};

    const ABOUT: About<'static> =
        About { to: "ada@example.org", username: "ada", public_url: "https://id.example.org" };

    fn happened(kind: EventKind) -> SecurityEvent {
        SecurityEvent {
            id: EventId::from_random([1; 16]),
            seq: 1,
            at: UnixTime(1_795_338_720),
            kind,
            by: Some("operator".into()),
            user_id: UserId::from_random([2; 16]),
            username: "ada".into(),
            origin: Origin { device: "Firefox on Linux".into(), address: "203.0.113.x".into() },
        }
    }

    #[test]
    fn every_kind_that_is_told_has_words_and_sign_ins_too() {
        for kind in EventKind::ALL {
            let letter = notice(ABOUT, &happened(*kind));
            assert_eq!(letter.is_some(), kind.is_told() || *kind == EventKind::SignedIn, "{kind:?}");
        }
    }

    #[test]
    fn a_notice_says_what_happened_when_where_and_what_to_do() {
        let letter = notice(ABOUT, &happened(EventKind::PasswordChanged)).unwrap();
        let expected = "Hello ada,\r\n\r\n\
                        The password of your account was changed.\r\n\r\n\
                        When: 2026-11-22 09:12 UTC\r\nDevice: Firefox on Linux\r\nAddress: 203.0.113.x\r\nDone by: operator\r\n\r\n\
                        If it was you, there is nothing to do.\r\n\r\n\
                        If it was not you, choose a new password, and tell the administrator.\r\n\r\n\
                        https://id.example.org/password/forgot\r\n\r\n\
                        This is a message from https://id.example.org. Nobody reads replies.\r\n";
        assert_eq!(letter.text, expected);
    }
}
