//! Many sign-outs in one transaction, on both databases. `store.rs` calls it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::future::join_all;
use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::blocklist::{Blocked, keep_until};
use handstamp::server::domain::ids::{SessionId, TokenId, UserId};
use handstamp::server::domain::methods::Methods;
use handstamp::server::domain::password::PasswordHash;
use handstamp::server::domain::security_event::EventKind;
use handstamp::server::domain::session::{Origin, Session, SessionKind};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::{Roles, User};
use handstamp::server::domain::username::Username;
use handstamp::server::store::Store;
use handstamp::server::store::events::Before;
use handstamp::server::store::users::Inserted;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::harness::event;
use crate::process::eventually;

const NOW: UnixTime = UnixTime(1_795_338_720);
const TOKEN_EXPIRES_AT: UnixTime = UnixTime(NOW.0 + 60);
const SESSIONS: u8 = 100;
const TOKENS: u8 = 30;
const LEEWAY: Duration = Duration::from_secs(5);

/// Each session is ended by two requests, while tokens are blocked and other sessions begin.
pub async fn many_at_once(store: &Store, other: &Store) {
    let user = User {
        id: UserId::from_random([199; 16]),
        username: Username::parse("many").unwrap(),
        roles: Roles::default(),
        created_at: NOW,
        disabled_at: None,
    };
    let hash = PasswordHash::from_stored("g".to_owned());
    assert_eq!(store.insert_user(&user, &hash, &event(EventKind::SignedUp)).await.unwrap(), Inserted::Yes);
    let session_of = |kind: u8, number: u8| Session {
        id: SessionId::from_random([kind, number].repeat(8).try_into().unwrap()),
        user_id: user.id,
        started_at: NOW,
        expires_at: UnixTime(NOW.0 + 3600),
        kind: SessionKind::Kept,
        origin: Origin { device: format!("device {number}"), address: "192.0.2.x".into() },
        methods: Methods::PASSWORD,
        additional: AdditionalClaims::default(),
    };
    let start = async |session: &Session| {
        let (token, signed_in) = (TokenId::from_random([77; 16]), event(EventKind::SignedIn));
        store.start_session(session, token, TOKEN_EXPIRES_AT, (&user, &hash), signed_in).await.unwrap()
    };
    let ending: Vec<_> = (0..SESSIONS).map(|number| session_of(200, number)).collect();
    assert!(join_all(ending.iter().map(&start)).await.into_iter().all(|started| started));
    let before = other.list_blocked_since(0).await.unwrap().last().map_or(0, |entry| entry.seq);

    // The token that ends every third session is newer than the one in the table.
    let until = |number: usize| UnixTime(TOKEN_EXPIRES_AT.0 + if number.is_multiple_of(3) { 100 } else { -100 });
    let ends = ending.iter().enumerate().flat_map(|(number, session)| {
        [0, 1].map(|_| store.end_session(session.id, until(number), LEEWAY, event(EventKind::SessionEnded)))
    });
    let token = |number: u8| TokenId::from_random([201, number].repeat(8).try_into().unwrap());
    let tokens = (0..TOKENS).map(|number| store.block_token(token(number), UnixTime(NOW.0 + i64::from(number))));
    let beginning: Vec<_> = (0..SESSIONS).map(|number| session_of(202, number)).collect();
    let begin = beginning.iter().map(start);
    let (ended, blocked, begun) = futures::join!(join_all(ends), join_all(tokens), join_all(begin));

    assert!(begun.into_iter().all(|begun| begun));
    let mut expected = HashMap::new();
    for (number, session) in ending.iter().enumerate() {
        let until = keep_until(until(number).max(TOKEN_EXPIRES_AT), LEEWAY);
        expected.insert(format!("{:?}", Blocked::Session(session.id)), until);
        assert!(ended[2 * number].as_ref().unwrap().blocked == Blocked::Session(session.id));
    }
    for (number, blocked) in (0..TOKENS).zip(blocked) {
        let until = UnixTime(NOW.0 + i64::from(number));
        assert_eq!(
            (blocked.as_ref().unwrap().blocked, blocked.unwrap().keep_until),
            (Blocked::Token(token(number)), until)
        );
        expected.insert(format!("{:?}", Blocked::Token(token(number))), until);
    }
    let rows = other.list_blocked_since(before).await.unwrap();
    let found: HashMap<_, _> = rows.iter().map(|row| (format!("{:?}", row.blocked), row.keep_until)).collect();
    assert_eq!((rows.len(), &found), (expected.len(), &expected));
    assert_eq!(other.list_sessions(user.id).await.unwrap().len(), usize::from(SESSIONS), "the others");

    // One event each, with the device of its session.
    let events = other.list_events(Some(user.id), &Before::NEWEST, 1000).await.unwrap();
    let ends = events.iter().filter(|event| event.kind == EventKind::SessionEnded);
    let devices: Vec<_> = ends.map(|event| event.origin.device.clone()).collect();
    assert_eq!(devices.len(), usize::from(SESSIONS));
    assert_eq!(devices.iter().collect::<HashSet<_>>().len(), usize::from(SESSIONS));

    // A start loads the same rows.
    let (mut loaded, all) = (HashMap::new(), other.list_blocked_since(0).await.unwrap());
    let newest = other
        .load_blocklist(|rows| loaded.extend(rows.iter().map(|(id, until)| (id.to_bytes(), *until))))
        .await
        .unwrap();
    let bytes = |blocked| match blocked {
        Blocked::Session(id) => id.to_bytes(),
        Blocked::Token(id) => id.to_bytes(),
    };
    assert_eq!(loaded, all.iter().map(|row| (bytes(row.blocked), row.keep_until)).collect());
    assert_eq!(Some(newest), all.last().map(|row| row.seq));

    // So do services that follow, part by part.
    assert_eq!(other.next_blocked(before).await.unwrap(), rows);
    assert_eq!(other.next_blocked(newest).await.unwrap(), Vec::new());
    assert_eq!(other.blocklist_position().await.unwrap().newest, newest);
    for most in [1, rows.len(), usize::MAX] {
        let counted = other.count_blocked_between(before, newest, most).await.unwrap();
        assert_eq!(counted, rows.len().min(most));
    }
    let last = rows.iter().filter(|row| row.seq == newest).count();
    assert_eq!(other.count_blocked_between(before, newest - 1, usize::MAX).await.unwrap(), rows.len() - last);
}

#[tokio::test]
async fn sign_outs_are_moved_into_the_database_long_before_the_log_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("handstamp.db"), folder.path().join("copy.db"));
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let end = |number: u64| {
        let id = SessionId::from_random(u128::from(number).to_be_bytes());
        store.end_session(id, TOKEN_EXPIRES_AT, LEEWAY, event(EventKind::SessionEnded))
    };
    assert!(join_all((0..1000).map(end)).await.iter().all(Result::is_ok));

    // The file alone, without the log beside it.
    eventually("the database has rows of sign-outs", async || {
        std::fs::copy(&file, &copy).unwrap();
        let connection = SqliteConnectOptions::new().filename(&copy).connect().await;
        let Ok(mut connection) = connection else { return false };
        let rows = sqlx::query_scalar("SELECT COUNT(*) FROM blocklist").fetch_one(&mut connection).await;
        rows.is_ok_and(|rows: i64| rows >= 400)
    })
    .await;
    let log = std::fs::metadata(file.with_extension("db-wal")).unwrap().len();
    assert!(log < 8000 * 4096 / 2, "{log} bytes");
}
