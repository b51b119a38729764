//! Sends one mail: to the mail server of `SMTP_URL`, or into a file during development.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tracing::info;
use url::Url;

use crate::server::config::{MailSettings, MailWay};
use crate::server::domain::email::Email;
use crate::server::domain::ids::MailId;
use crate::server::domain::jwt_secret::JwtSecret;
use crate::server::domain::letter::Letter;
use crate::server::domain::sealing::SealingKey;
use crate::server::domain::unix_time::UnixTime;
use crate::server::private_files;

/// The time for one command of SMTP.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for one mail. Shorter than [`LEASE`](crate::server::domain::letter::LEASE): no other process sends it meanwhile.
const MAIL_TIMEOUT: Duration = Duration::from_secs(40);
/// Requests for a new password that are worked on at the same time.
pub const MOST_RESETS: usize = 64;

/// Everything about mail that requests and chores need.
pub struct Mailer {
    way: Way,
    from: Mailbox,
    /// The host in the ids of mails.
    host: String,
    /// Encrypts mails for the queue.
    pub key: SealingKey,
    /// Notified when the queue has a new mail.
    pub some: Notify,
    /// Places for requests for a new password, which are answered before they are worked on.
    pub resets: Arc<Semaphore>,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Outbox(PathBuf),
    Off,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The mail server could not be reached, or did not do its work. Another mail would fare the same.
    #[error("{0}")]
    Unreachable(String),
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It will never work.
    #[error("{0}")]
    Never(String),
}

impl Mailer {
    /// `data_dir`: where the outbox is.
    #[must_use]
    pub fn new(settings: &MailSettings, data_dir: &Path, public_url: &str, secret: &JwtSecret) -> Self {
        let way = match &settings.way {
            MailWay::Smtp(builder) => {
                Way::Smtp(Box::new(builder.as_ref().clone().timeout(Some(COMMAND_TIMEOUT)).build()))
            }
            MailWay::Outbox => Way::Outbox(data_dir.join("outbox")),
            MailWay::Off => Way::Off,
        };
        let host = Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self {
            way,
            from: settings.from.clone(),
            host: host.unwrap_or_default(),
            key: SealingKey::derive_for_mails(secret),
            some: Notify::new(),
            resets: Arc::new(Semaphore::new(MOST_RESETS)),
        }
    }

    /// Returns whether this server sends mail.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !matches!(self.way, Way::Off)
    }

    /// Sends a mail. `at`: the time of its header `Date`.
    ///
    /// # Errors
    /// [`NotSent`].
    pub async fn send(&self, id: MailId, letter: Letter, at: UnixTime) -> Result<(), NotSent> {
        let message = self.message(id, letter, at)?;
        match &self.way {
            Way::Smtp(transport) => match timeout(MAIL_TIMEOUT, transport.send(message)).await {
                Ok(sent) => sent.map(|_| ()).map_err(|error| refused(&error)),
                Err(_) => Err(NotSent::Unreachable(format!("no answer within {MAIL_TIMEOUT:?}"))),
            },
            Way::Outbox(folder) => write(folder, id, at, &message.formatted()),
            Way::Off => Err(NotSent::Later("SMTP_URL is not set".to_owned())),
        }
    }

    fn message(&self, id: MailId, letter: Letter, at: UnixTime) -> Result<Message, NotSent> {
        let to = Email::parse(&letter.to).map_err(|error| NotSent::Never(error.to_string()))?;
        let date = UNIX_EPOCH + Duration::from_secs(at.seconds_since(UnixTime(0)));
        // RFC 3834: nobody's holiday notice answers it.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.into_address().into())
            .subject(letter.subject)
            .date(date)
            // The same if it is tried again: a mail server that has it already can notice.
            .message_id(Some(format!("<{id}@{}>", self.host)))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html));
        message.map_err(|error| NotSent::Never(error.to_string()))
    }
}

/// Names no address: the answer of a mail server can repeat it.
fn refused(error: &Error) -> NotSent {
    let Some(code) = error.status() else { return NotSent::Unreachable(error.to_string()) };
    let said = format!("the mail server answered {code}");
    match u16::from(code) {
        // It is closing down, or has no TLS now (RFC 5321, RFC 3207); or it does not accept the user and password of
        // SMTP_URL, which the operator can correct (RFC 4954).
        421 | 454 | 530 | 534 | 535 | 538 => NotSent::Unreachable(said),
        500.. => NotSent::Never(said),
        _ => NotSent::Later(said),
    }
}

fn write(folder: &Path, id: MailId, at: UnixTime, mail: &[u8]) -> Result<(), NotSent> {
    let file = folder.join(format!("{at}-{id}.eml"));
    let written = private_files::make_folder(folder).and_then(|()| private_files::write_new(&file, mail));
    written.map_err(|error| NotSent::Unreachable(error.to_string()))?;
    info!(file = %file.display(), "Wrote a mail into the outbox, because SMTP_URL is not set");
    Ok(())
}
