//! The settings for mail.

use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::Url;

use super::settings::{BadSetting, Settings, bad, unusable};

/// How mail leaves the server.
pub struct MailSettings {
    pub way: MailWay,
    pub from: Mailbox,
    /// The host of a mail server to which mails go without TLS, or perhaps so.
    pub unencrypted_host: Option<String>,
}

/// Where mail goes.
pub enum MailWay {
    /// To a mail server. The builder contains its password.
    Smtp(Box<AsyncSmtpTransportBuilder>),
    /// Into files, during development.
    Outbox,
    /// Nowhere: the server sends no mail.
    Off,
}

const DEFAULT_FROM: &str = "Handstamp <handstamp@localhost>";

pub(super) fn mail(settings: &Settings, in_production: bool) -> Result<MailSettings, BadSetting> {
    let way = match settings.get("SMTP_URL") {
        Some(url) => MailWay::Smtp(Box::new(smtp(url)?)),
        None if in_production => MailWay::Off,
        None => MailWay::Outbox,
    };
    let unencrypted_host = settings.get("SMTP_URL").and_then(unencrypted_host);
    Ok(MailSettings { from: from(settings, &way)?, way, unencrypted_host })
}

fn unencrypted_host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| url.scheme() == "smtp")?;
    let required = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    url.host_str().filter(|_| !required).map(str::to_owned)
}

/// The value can contain a password: it is not repeated.
fn smtp(url: &str) -> Result<AsyncSmtpTransportBuilder, BadSetting> {
    const FIX: &str = "use smtps://user:password@host, or smtp://user:password@host:587?tls=required; write special \
                       characters of user and password as %40 and the like";
    let problem = || bad("SMTP_URL", "is not the address of a mail server", FIX);
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    if host.is_empty() || host.starts_with(['/', ':', '?', '#']) {
        return Err(problem());
    }
    AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| problem())
}

fn from(settings: &Settings, way: &MailWay) -> Result<Mailbox, BadSetting> {
    const FIX: &str = "use an address that your mail server may send from, like Handstamp <id@example.org>";
    let text = match (settings.get("MAIL_FROM"), way) {
        (Some(text), _) => text,
        (None, MailWay::Smtp(_)) => return Err(bad("MAIL_FROM", "is missing, but SMTP_URL is set", FIX)),
        (None, MailWay::Outbox | MailWay::Off) => DEFAULT_FROM,
    };
    text.parse().map_err(|_| unusable("MAIL_FROM", text, FIX))
}
