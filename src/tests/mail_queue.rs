//! The queue of mails: each is sent once, also by two processes, after crashes and by a mail server that fails.

use std::time::Duration;

use handstamp::server::domain::letter::{GIVE_UP_AFTER, LEASE};
use handstamp::server::flows;

use crate::harness::{MORNING, TestApp};
use crate::smtp::{Reply, Smtp};

/// Asks for as many mails as there are users, each to an address of its own.
async fn queue(app: &TestApp, users: &[&str]) {
    for user in users {
        let token = app.somebody(user).await;
        assert_eq!(app.ask_email(&token, &format!("{user}@example.org")).await.status, 202);
    }
}

async fn due(app: &TestApp) -> i64 {
    let due = app.sql("SELECT CAST(due_at AS TEXT) FROM mail_queue").await;
    due[0].parse::<i64>().unwrap() - MORNING
}

#[tokio::test]
async fn of_two_processes_that_look_at_the_same_time_one_sends_a_mail() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let (other, _) = app.another_process().await;
    queue(&app, &["ada", "bob", "carol", "dan"]).await;

    let both = tokio::join!(
        flows::send_due_mails(&app.state),
        flows::send_due_mails(&other),
        flows::send_due_mails(&app.state),
        flows::send_due_mails(&other)
    );

    assert!(both.0.is_ok() && both.1.is_ok() && both.2.is_ok() && both.3.is_ok());
    let mut to: Vec<_> = smtp.take().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["ada@example.org", "bob@example.org", "carol@example.org", "dan@example.org"]);
    assert_eq!(app.state.store.count_mails().await.unwrap(), 0);
}

#[tokio::test]
async fn of_many_claims_of_a_mail_one_gets_it() {
    let (app, _smtp) = TestApp::start_with_mail().await;
    let (other, _) = app.another_process().await;
    queue(&app, &["ada"]).await;
    let now = app.state.world.now();
    let id = app.state.store.list_due_mails(now, 10).await.unwrap()[0];

    let stores = (0..16).map(|number| if number % 2 == 0 { &app.state.store } else { &other.store });
    let claims = futures::future::join_all(stores.map(|store| store.claim_mail(id, now, now.plus(LEASE)))).await;

    assert_eq!(claims.into_iter().filter(|claim| claim.as_ref().unwrap().is_some()).count(), 1);
}

#[tokio::test]
async fn a_mail_of_a_process_that_crashed_before_it_sent_is_sent_when_its_claim_ends() {
    let (app, smtp) = TestApp::start_with_mail().await;
    queue(&app, &["ada"]).await;
    let now = app.state.world.now();
    let id = app.state.store.list_due_mails(now, 10).await.unwrap()[0];
    let crashed = app.state.store.claim_mail(id, now, now.plus(LEASE)).await.unwrap().unwrap();

    app.deliver().await;
    app.pass(LEASE.checked_sub(Duration::from_secs(1)).unwrap());
    app.deliver().await;
    assert!(smtp.take().is_empty(), "it may still be sending");
    app.pass(Duration::from_secs(1));
    app.deliver().await;
    app.deliver().await;

    assert_eq!(smtp.take().len(), 1);
    // If it was not dead after all, it takes back nothing that is no longer its own.
    app.state.store.postpone_mail(&crashed, now).await.unwrap();
    app.state.store.remove_mail(&crashed).await.unwrap();
    app.pass(LEASE);
    app.deliver().await;
    assert!(smtp.take().is_empty());
}

#[tokio::test]
async fn a_process_that_lost_its_claim_does_not_remove_the_mail_of_another() {
    let (app, smtp) = TestApp::start_with_mail().await;
    queue(&app, &["ada"]).await;
    let now = app.state.world.now();
    let id = app.state.store.list_due_mails(now, 10).await.unwrap()[0];
    let slow = app.state.store.claim_mail(id, now, now.plus(LEASE)).await.unwrap().unwrap();
    app.pass(LEASE);
    smtp.reply("RCPT", Reply::Say("451 later"));
    app.deliver().await;

    app.state.store.remove_mail(&slow).await.unwrap();

    assert_eq!(app.state.store.count_mails().await.unwrap(), 1);
}

#[tokio::test]
async fn a_dead_mail_server_delays_no_sign_in_and_gets_the_mail_when_it_is_back() {
    // The port of a listener that was dropped: nobody listens there.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = listener.local_addr().unwrap();
    drop(listener);
    let settings = [("SMTP_URL", &*format!("smtp://{dead}")), ("MAIL_FROM", "id@example.org")];
    let app = TestApp::start_with(&settings).await;
    queue(&app, &["ada", "bob"]).await;

    app.deliver().await;
    app.login("ada").await;
    assert_eq!(app.state.store.count_mails().await.unwrap(), 2);
    let back = Smtp::start_at(&dead.to_string()).await;
    app.deliver().await;
    let first: Vec<_> = back.take().into_iter().map(|mail| mail.to).collect();
    app.pass(Duration::from_secs(10));
    app.deliver().await;
    let second: Vec<_> = back.take().into_iter().map(|mail| mail.to).collect();

    // Only one was tried, so only one waits.
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first, second);
}

#[tokio::test]
async fn the_wait_doubles_and_after_a_day_a_mail_is_given_up() {
    let (app, smtp) = TestApp::start_with_mail().await;
    queue(&app, &["ada"]).await;
    smtp.reply("RCPT", Reply::Say("450 4.2.1 mailbox busy"));
    let (mut waits, mut tries) = (Vec::new(), 0);
    while app.state.store.count_mails().await.unwrap() > 0 {
        app.deliver().await;
        tries += 1;
        assert!(tries < 50, "it is tried for ever");
        if app.state.store.count_mails().await.unwrap() > 0 {
            let wait = due(&app).await - (app.state.world.now().0 - MORNING);
            waits.push(wait);
            app.pass(Duration::from_secs(wait.unsigned_abs()));
        }
    }

    assert_eq!(waits[..10], [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
    assert!(app.state.world.now().0 - MORNING >= GIVE_UP_AFTER.as_secs().cast_signed());
    smtp.reply_well();
    app.deliver().await;
    assert!(smtp.take().is_empty());
}

#[tokio::test]
async fn what_a_mail_server_will_never_take_is_given_up_and_what_the_operator_can_mend_is_not() {
    for (command, reply, left) in [
        ("RCPT", Reply::Say("550 5.1.1 no such user"), 0),
        ("RCPT", Reply::Say("451 4.3.0 try later"), 1),
        ("MAIL", Reply::Say("530 5.7.0 authentication required"), 1),
        ("MAIL", Reply::Say("421 closing down"), 1),
        (".", Reply::Say("554 5.7.1 looks like spam"), 0),
        (".", Reply::Say("452 no room"), 1),
        ("EHLO", Reply::HangUp, 1),
        ("DATA", Reply::HangUp, 1),
        (".", Reply::HangUp, 1),
        ("MAIL", Reply::Say("what?"), 1),
    ] {
        let (app, smtp) = TestApp::start_with_mail().await;
        queue(&app, &["ada"]).await;
        smtp.reply(command, reply.clone());

        app.deliver().await;

        assert_eq!(app.state.store.count_mails().await.unwrap(), left, "{command} {reply:?}");
        smtp.reply_well();
        app.pass(Duration::from_secs(10));
        app.deliver().await;
        assert_eq!(smtp.take().len(), usize::try_from(left).unwrap(), "{command} {reply:?}");
        assert_eq!(app.state.store.count_mails().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_mail_that_is_refused_does_not_hold_up_the_next() {
    for refused in ["550 no", "450 later"] {
        let (app, smtp) = TestApp::start_with_mail().await;
        queue(&app, &["ada", "bob", "carol"]).await;
        smtp.reply("RCPT TO:<bob@", Reply::Say(refused));

        app.deliver().await;

        assert_eq!(smtp.take().len(), 2, "{refused}");
    }
    let (app, smtp) = TestApp::start_with_mail().await;
    queue(&app, &["ada", "bob", "carol"]).await;
    smtp.reply("EHLO", Reply::HangUp);
    app.deliver().await;
    assert_eq!(smtp.connections(), 1, "a server that hangs up is not asked three times");
}

#[tokio::test]
async fn a_mail_is_encrypted_in_the_store_and_one_that_cannot_be_decrypted_is_given_up() {
    let smtp = Smtp::start().await;
    let settings = [("SMTP_URL", &*smtp.url), ("MAIL_FROM", "id@example.org")];
    let mut app = TestApp::start_on_sqlite_with(&settings).await;
    queue(&app, &["ada"]).await;
    app.deliver().await;
    let code = smtp.take()[0].code();
    let file = app.state.config.sqlite_file().unwrap();

    let token = app.login("ada").await;
    assert_eq!(app.ask_email(&token, "ada@example.net").await.status, 202);
    // Encrypted for another mail, as with another secret.
    app.execute("UPDATE mail_queue SET sealed = 'AAAAAAAAAAAAAAAA' || sealed").await;
    app.deliver().await;

    assert!(smtp.take().is_empty());
    assert_eq!(app.state.store.count_mails().await.unwrap(), 0, "given up: nobody can read it");
    app.stop().await;
    let bytes = ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", file.display())).unwrap_or_default()).concat();
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("ada") && !has(&code));
}

#[tokio::test]
async fn mails_of_a_removed_account_go_with_it() {
    let (app, smtp) = TestApp::start_with_mail().await;
    let token = app.somebody("ada").await;
    app.give_email(&smtp, &token, "ada@example.org").await;
    assert_eq!(app.ask_email(&token, "ada@example.net").await.status, 202);

    let password = format!("password={}", crate::harness::PASSWORD);
    assert_eq!(app.call("delete-account", Some(&token), &password).await.status, 200);

    app.deliver().await;
    assert!(smtp.take().is_empty());
    for table in ["mail_queue", "mail_links", "email_addresses"] {
        assert_eq!(app.sql(&format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}")).await, ["0"], "{table}");
    }
}

#[tokio::test]
async fn links_that_expired_and_mails_that_nobody_sends_are_purged() {
    let (app, _smtp) = TestApp::start_with_mail().await;
    queue(&app, &["ada"]).await;
    let left = async || {
        let links = app.sql("SELECT code_hash FROM mail_links").await.len();
        (links, app.state.store.count_mails().await.unwrap())
    };
    app.pass(GIVE_UP_AFTER.checked_sub(Duration::from_secs(1)).unwrap());
    flows::purge_expired(&app.state).await.unwrap();
    assert_eq!(left().await, (1, 1));
    app.pass(Duration::from_mins(1));
    flows::purge_expired(&app.state).await.unwrap();
    assert_eq!(left().await, (0, 1), "a server that sends mail must log it");
    app.pass(Duration::from_hours(24));
    flows::purge_expired(&app.state).await.unwrap();
    assert_eq!(left().await, (0, 0));
}

#[tokio::test]
async fn during_development_a_mail_is_a_file_that_only_the_owner_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let app = TestApp::start_on_sqlite().await;
    queue(&app, &["ada"]).await;

    app.deliver().await;

    let outbox = app.state.config.data_dir().join("outbox");
    let files: Vec<_> = std::fs::read_dir(&outbox).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].extension().unwrap(), "eml");
    assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    let mail = std::fs::read_to_string(&files[0]).unwrap();
    let mail = crate::smtp::Mail { to: String::new(), raw: mail };
    assert_eq!(app.confirm_email(&mail.code()).await.status, 200);
}

#[tokio::test]
async fn in_production_without_a_mail_server_the_doors_say_so() {
    let app = TestApp::start_with(&[("APP_ENV", "production"), ("PUBLIC_URL", "https://id.example.org")]).await;
    let token = app.somebody("ada").await;
    let off = "403 mail_off This server sends no mail";
    assert_eq!(app.ask_email(&token, "ada@example.org").await.error(), off);
    assert_eq!(app.post_json("/password/forgot", r#"{"username":"ada"}"#).await.error(), off);
    assert_eq!(app.email_of(&token).await, serde_json::Value::Null);
}

#[tokio::test]
async fn a_mail_loads_nothing_and_says_that_no_person_wrote_it() {
    let (app, smtp) = TestApp::start_with_mail().await;
    queue(&app, &["ada"]).await;
    app.deliver().await;
    let mail = smtp.take().remove(0);

    assert_eq!(mail.header("From"), "Handstamp <id@example.org>");
    assert_eq!(mail.header("To"), "ada@example.org");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Date"), "Sun, 22 Nov 2026 09:12:00 +0000");
    let host = app.state.config.public_url.split(['/', ':']).nth(3).unwrap();
    assert!(mail.header("Message-ID").ends_with(&format!("@{host}>")), "{}", mail.header("Message-ID"));
    assert!(mail.raw.contains("multipart/alternative") && mail.raw.contains("text/html"));
    for remote in ["src=", "<img", "<link", "<style", "url("] {
        assert!(!mail.raw.contains(remote), "{remote}");
    }
}
