//! A mail server for specs: keeps what it gets, and answers badly on demand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use handstamp::server::flows;
use handstamp::server::state::AppState;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Answer, TestApp, bearer};
use crate::logs;

/// A mail as it arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub raw: String,
}

/// What the server does at a command.
#[derive(Clone, Debug)]
pub enum Reply {
    Say(&'static str),
    HangUp,
}

#[derive(Clone, Default)]
pub struct Smtp {
    pub url: String,
    inbox: Arc<Mutex<Vec<Mail>>>,
    /// By the beginning of the command.
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    connections: Arc<Mutex<usize>>,
}

impl Mail {
    pub fn header(&self, name: &str) -> &str {
        let line = self.raw.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.raw))
    }

    /// The subject and the address.
    pub fn envelope(&self) -> (&str, &str) {
        (self.to.as_str(), self.header("Subject"))
    }

    pub fn has_link(&self) -> bool {
        self.raw.contains("?token=")
    }

    /// The code of the link.
    pub fn code(&self) -> String {
        let code = self.raw.split_once("?token=").unwrap_or_else(|| panic!("no link in {}", self.raw)).1;
        let code: String = code.chars().take(22).collect();
        logs::keep_secret(&code);
        code
    }
}

impl Smtp {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Self { url: format!("smtp://{}", listener.local_addr().unwrap()), ..Self::default() };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *serving.connections.lock().unwrap() += 1;
                tokio::spawn(serving.clone().talk(stream));
            }
        });
        server
    }

    /// From now on, this is the answer to commands that begin so.
    pub fn reply(&self, command: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(command.to_owned(), reply);
    }

    pub fn reply_well(&self) {
        self.replies.lock().unwrap().clear();
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// What has arrived since the last call.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.inbox.lock().unwrap())
    }

    async fn talk(self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let (mut to, mut raw, mut in_data) = (String::new(), String::new(), false);
        let mut say = "220 specs".to_owned();
        loop {
            if !say.is_empty() && write.write_all(format!("{say}\r\n").as_bytes()).await.is_err() {
                return;
            }
            let Ok(Some(line)) = lines.next_line().await else { return };
            let command = if in_data && line == "." { "." } else { line.as_str() };
            if in_data && command != "." {
                raw.extend([&line, "\r\n"]);
                say.clear();
                continue;
            }
            let reply = self
                .replies
                .lock()
                .unwrap()
                .iter()
                .find(|(start, _)| command.starts_with(*start))
                .map(|(_, reply)| reply.clone());
            in_data = false;
            say = match reply {
                Some(Reply::HangUp) => return,
                Some(Reply::Say(words)) => words.to_owned(),
                None => match command.split([' ', ':']).next().unwrap() {
                    "EHLO" => "250-specs\r\n250 8BITMIME".to_owned(),
                    "RCPT" => {
                        command.trim_start_matches("RCPT TO:<").split('>').next().unwrap().clone_into(&mut to);
                        "250 ok".to_owned()
                    }
                    "DATA" => {
                        in_data = true;
                        "354 go on".to_owned()
                    }
                    "." => {
                        self.inbox.lock().unwrap().push(Mail { to: to.clone(), raw: std::mem::take(&mut raw) });
                        "250 taken".to_owned()
                    }
                    _ => "250 ok".to_owned(),
                },
            };
        }
    }
}

/// Does what the task for mail does.
pub async fn deliver(state: &AppState) {
    flows::tell_events(state).await.unwrap();
    flows::send_due_mails(state).await.unwrap();
}

impl TestApp {
    /// A server that sends its mail to a server of its own.
    pub async fn start_with_mail() -> (Self, Smtp) {
        let smtp = Smtp::start().await;
        let app = Self::start_with(&[("SMTP_URL", &smtp.url), ("MAIL_FROM", "Handstamp <id@example.org>")]).await;
        (app, smtp)
    }

    pub async fn deliver(&self) {
        deliver(&self.state).await;
    }

    /// Asks for an address.
    pub async fn ask_email(&self, token: &str, email: &str) -> Answer {
        let body = serde_json::json!({ "email": email }).to_string();
        let headers = [("content-type", "application/json"), ("authorization", &bearer(token))];
        self.send("POST", "/email", &headers, Some(&body)).await
    }

    pub async fn confirm_email(&self, code: &str) -> Answer {
        self.post_json("/email/confirm", &serde_json::json!({ "token": code }).to_string()).await
    }

    /// Gives a signed-in user an address. Its mails have arrived, and are taken.
    pub async fn give_email(&self, smtp: &Smtp, token: &str, email: &str) {
        assert_eq!(self.ask_email(token, email).await.status, 202);
        self.deliver().await;
        let code = smtp.take().iter().find(|mail| mail.has_link()).unwrap().code();
        assert_eq!(self.confirm_email(&code).await.status, 200);
        self.deliver().await;
        smtp.take();
    }

    pub async fn email_of(&self, token: &str) -> serde_json::Value {
        self.get_as("/email", token).await.json()["email"].clone()
    }
}
