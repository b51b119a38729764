//! The store, on both databases: the same spec for each. It uses PostgreSQL if `TEST_POSTGRES_URL` is set (`make test`
//! sets it).

use std::time::Duration;

use futures::future::join_all;
use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::blocklist::{Blocked, keep_until};
use handstamp::server::domain::database::Database;
use handstamp::server::domain::ids::{SessionId, StoreId, TokenId, UserId};
use handstamp::server::domain::methods::Methods;
use handstamp::server::domain::password::PasswordHash;
use handstamp::server::domain::refresh_token::{Generation, Rotation};
use handstamp::server::domain::security_event::{EventKind, NewEvent};
use handstamp::server::domain::session::{Origin, Session, SessionKind};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::{Roles, User};
use handstamp::server::domain::username::Username;
use handstamp::server::store::sessions::Along;
use handstamp::server::store::users::Inserted;
use handstamp::server::store::{Store, StoreError};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::harness::event;
use crate::{databases, store_administrators, store_keys, store_sign_outs, store_throttle};

const NOW: UnixTime = UnixTime(1_795_338_720);

fn user(number: u8, name: &str) -> User {
    User {
        id: UserId::from_random([number; 16]),
        username: Username::parse(name).unwrap(),
        roles: Roles::default(),
        created_at: NOW,
        disabled_at: None,
    }
}

fn session(number: u8, user: &User) -> Session {
    Session {
        id: SessionId::from_random([number; 16]),
        user_id: user.id,
        started_at: NOW,
        expires_at: UnixTime(NOW.0 + 3600),
        kind: SessionKind::Kept,
        origin: Origin { device: "curl".into(), address: "192.0.2.x".into() },
        methods: Methods::PASSWORD,
        additional: AdditionalClaims::parse(r#"{"tenant":"north"}"#).unwrap(),
    }
}

const TOKEN: TokenId = TokenId::from_random([77; 16]);
const TOKEN_EXPIRES_AT: UnixTime = UnixTime(NOW.0 + 60);

async fn start(store: &Store, session: &Session, verified: &str) -> bool {
    start_as(store, session, verified, Roles::default()).await
}

async fn start_as(store: &Store, session: &Session, verified: &str, roles: Roles) -> bool {
    let recognised = User { id: session.user_id, roles, ..user(0, "whoever") };
    let recognised = (&recognised, &hash(verified));
    store.start_session(session, TOKEN, TOKEN_EXPIRES_AT, recognised, event(EventKind::SignedIn)).await.unwrap()
}

fn an_end() -> NewEvent {
    event(EventKind::SessionEnded)
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

#[tokio::test]
async fn the_store_keeps_its_word_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("handstamp.db").display());
    let store = Store::open(&url).await.unwrap();
    keeps_its_word(&store, &Store::open(&url).await.unwrap()).await;
}

#[tokio::test]
async fn the_store_keeps_its_word_on_postgresql() {
    let Some(url) = databases::postgres() else {
        println!("TEST_POSTGRES_URL is not set: PostgreSQL was not tried; `make test` tries it");
        return;
    };
    // Many writes at once, on a machine that may be busy with other specs.
    let patient = || Database { timeout: Duration::from_mins(1), ..Database::from(&url) };
    let store = Store::open(patient()).await.unwrap();
    keeps_its_word(&store, &Store::open(patient()).await.unwrap()).await;
}

#[tokio::test]
async fn sqlite_survives_power_loss_by_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("handstamp.db").display());
    let store = Store::open(&url).await.unwrap();
    // 2 is FULL: with NORMAL a commit survives a crash, but not a power failure.
    assert_eq!(store.sqlite_durability().await.unwrap(), Some(("wal".to_owned(), 2)));
}

#[tokio::test]
async fn accounts_made_before_there_were_skeletons_cannot_be_imitated_either() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("handstamp.db").display());
    assert_eq!(add(&Store::open(&url).await.unwrap(), 1, "ace").await, Inserted::Yes);
    let options: SqliteConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    for stale in [
        "UPDATE users SET skeleton = '', is_ascii = 0",
        "UPDATE users SET skeleton = 'of other rules'; UPDATE counters SET value = 0 WHERE name = 'skeletons'",
    ] {
        sqlx::raw_sql(stale).execute(&mut connection).await.unwrap();
        let store = Store::open(&url).await.unwrap();
        assert_eq!(add(&store, 2, "\u{430}\u{441}\u{435}").await, Inserted::Taken, "{stale}");
    }
}

/// All processes agree on the id of a store, also those that open a new one at the same time.
async fn id(store: &Store, other: &Store) {
    let [one, another, third] = [1, 2, 3].map(|random| StoreId::from_random([random; 16]));
    let (here, there) = tokio::join!(store.settle_id(one), other.settle_id(another));
    let id = here.unwrap();
    assert_eq!(there.unwrap(), id);
    assert!([one, another].contains(&id));
    assert_eq!(store.settle_id(third).await.unwrap(), id);
}

/// `other` is a second process on the same database.
async fn keeps_its_word(store: &Store, other: &Store) {
    id(store, other).await;
    users(store).await;
    sessions(store, other).await;
    rotation(store, other).await;
    purging(store, other).await;
    store_administrators::first_ones(store, other).await;
    look_alikes(store, other).await;
    store_administrators::last_ones(store, other).await;
    store_keys::signing_keys(store, other).await;
    store_keys::clients(store).await;
    store_keys::audiences(store).await;
    store_keys::blocked_tokens(store, other).await;
    store_throttle::tries(store, other).await;
    store_throttle::familiar_networks(store, other).await;
    store_sign_outs::many_at_once(store, other).await;
}

async fn users(store: &Store) {
    assert!(!store.has_users().await.unwrap());
    let (ada, bob) = (user(1, "ada"), user(2, "bob"));
    assert_eq!(store.insert_user(&ada, &hash("a"), &event(EventKind::SignedUp)).await.unwrap(), Inserted::Yes);
    assert_eq!(store.insert_user(&bob, &hash("b"), &event(EventKind::SignedUp)).await.unwrap(), Inserted::Yes);
    assert_eq!(
        store.insert_user(&user(3, "Ada"), &hash("c"), &event(EventKind::SignedUp)).await.unwrap(),
        Inserted::Taken
    );

    assert!(store.has_users().await.unwrap());
    let (found, kept) = store.find_user(&ada.username).await.unwrap().unwrap();
    assert_eq!((found, kept.as_stored()), (ada.clone(), "a"));
    assert_eq!(store.find_user_by_id(bob.id).await.unwrap(), Some(bob.clone()));
    assert!(store.find_user(&Username::parse("nobody").unwrap()).await.unwrap().is_none());
    assert_eq!(store.list_users().await.unwrap(), [ada, bob]);
    store.ping().await.unwrap();
}

async fn sessions(store: &Store, other: &Store) {
    let (ada, bob) = (user(1, "ada"), user(2, "bob"));
    let [first, second, third] = [session(11, &ada), session(12, &ada), session(13, &bob)];
    for (session, verified) in [(&first, "a"), (&second, "a"), (&third, "b")] {
        assert!(start(store, session, verified).await);
    }
    assert!(!start(store, &session(14, &ada), "an older password").await);
    assert!(!start(store, &session(15, &user(9, "gone")), "a").await);
    assert!(!start_as(store, &session(15, &ada), "a", Roles::admin()).await, "other roles");

    // The token that ends it is older than the session's newest.
    let ended = store.end_session(third.id, NOW, Duration::from_secs(5), an_end()).await.unwrap();
    let keep_until = keep_until(TOKEN_EXPIRES_AT, Duration::from_secs(5));
    assert_eq!((ended.blocked, ended.keep_until), (Blocked::Session(third.id), keep_until));
    store.end_session(third.id, NOW, Duration::ZERO, an_end()).await.unwrap();
    let seen = other.list_blocked_since(0).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].blocked, seen[0].keep_until), (Blocked::Session(third.id), keep_until));

    let change = async |from: Option<&str>| {
        let along = Along::ChangePassword { from: from.map(hash), to: hash("new") };
        store.end_sessions_of(ada.id, None, Duration::ZERO, &along, &event(EventKind::PasswordChanged)).await
    };
    assert!(matches!(change(Some("an older password")).await, Err(StoreError::Outdated)));
    assert_eq!(other.list_blocked_since(0).await.unwrap().len(), 1, "nothing of it was done");
    change(Some("a")).await.unwrap();
    let news = other.list_blocked_since(seen[0].seq).await.unwrap();
    let mut blocked: Vec<_> = news.iter().map(|entry| entry.blocked).collect();
    blocked.sort_by_key(|blocked| format!("{blocked:?}"));
    assert_eq!(blocked, [Blocked::Session(first.id), Blocked::Session(second.id)]);
    assert!(news.iter().all(|entry| entry.keep_until > TOKEN_EXPIRES_AT && entry.seq > seen[0].seq));
    assert_eq!(store.find_user(&ada.username).await.unwrap().unwrap().1.as_stored(), "new");

    assert!(start(store, &session(16, &bob), "b").await);
    store.end_sessions_of(bob.id, None, Duration::ZERO, &Along::Remove, &event(EventKind::Removed)).await.unwrap();
    assert!(store.find_user_by_id(bob.id).await.unwrap().is_none());
    assert_eq!(other.list_blocked_since(0).await.unwrap().len(), 4);
}

/// Fifty at once through both, again and again.
async fn storms(store: &Store, other: &Store, stormy: &Session) {
    assert!(start(store, stormy, "new").await);
    for round in 0..20 {
        let storm = (0..50).map(|number| {
            let through = if number % 2 == 0 { store } else { other };
            through.rotate(stormy.id, Generation(round), TOKEN, TOKEN_EXPIRES_AT, NOW)
        });
        let rotated = join_all(storm).await.into_iter().filter(|rotated| *rotated.as_ref().unwrap()).count();
        assert_eq!(rotated, 1, "one of fifty rotates in round {round}");
        let kept = other.find_session(stormy.id).await.unwrap().unwrap();
        assert_eq!(kept.rotation.generation, Generation(round + 1));
    }
    store.end_session(stormy.id, TOKEN_EXPIRES_AT, Duration::ZERO, an_end()).await.unwrap();
}

async fn rotation(store: &Store, other: &Store) {
    let ada = user(1, "ada");
    let (kept, ended) = (session(17, &ada), session(18, &ada));
    assert!(start(store, &kept, "new").await && start(store, &ended, "new").await);
    let find = async |id| other.find_session(id).await.unwrap().unwrap();
    let found = find(kept.id).await;
    assert_eq!(found.session, kept);
    assert_eq!(found.rotation, Rotation { generation: Generation(0), rotated_at: NOW, unseen: true });
    assert_eq!((found.last_used_at, found.reused_at), (NOW, None));

    let later = |seconds: i64| UnixTime(NOW.0 + seconds);
    let next = TokenId::from_random([78; 16]);
    let (one, two) = tokio::join!(
        store.rotate(kept.id, Generation(0), next, later(400), later(100)),
        other.rotate(kept.id, Generation(0), next, later(400), later(100)),
    );
    assert_ne!(one.unwrap(), two.unwrap(), "one of two processes rotates");
    assert_eq!(
        find(kept.id).await.rotation,
        Rotation { generation: Generation(1), rotated_at: later(100), unseen: true }
    );
    storms(store, other, &session(20, &ada)).await;
    assert!(store.reissue(kept.id, Generation(1), later(500)).await.unwrap());
    assert!(!store.reissue(kept.id, Generation(0), later(500)).await.unwrap());

    // A token from before the rotation has no effect on its successor.
    store.note_use(kept.id, TOKEN, NOW, later(110));
    // A write with a waiting caller comes after earlier notes.
    assert!(store.reissue(kept.id, Generation(1), later(500)).await.unwrap());
    assert!(find(kept.id).await.rotation.unseen);
    store.note_use(kept.id, next, later(100), later(120));
    // This store knows it before it is written.
    let used = store.find_session(kept.id).await.unwrap().unwrap();
    assert_eq!((used.rotation.unseen, used.last_used_at), (false, later(120)));
    let listed = store.list_sessions(ada.id).await.unwrap().into_iter().find(|listed| listed.session.id == kept.id);
    assert_eq!(listed.unwrap(), used);
    assert!(store.reissue(kept.id, Generation(1), later(500)).await.unwrap());
    let used = find(kept.id).await;
    assert_eq!((used.rotation.unseen, used.last_used_at), (false, later(120)));

    let reused = store
        .end_reused_session(ended.id, later(130), Duration::ZERO, event(EventKind::RefreshTokenReused))
        .await
        .unwrap();
    assert_eq!(reused.keep_until, keep_until(later(130), Duration::ZERO), "its token has expired before");
    assert_eq!(find(ended.id).await.reused_at, Some(later(130)));
    let listed: Vec<_> = other.list_sessions(ada.id).await.unwrap().iter().map(|kept| kept.session.id).collect();
    assert_eq!(listed, [kept.id]);

    let third = session(19, &ada);
    assert!(start(store, &third, "new").await);
    let ended = store
        .end_sessions_of(ada.id, Some(third.id), Duration::ZERO, &Along::Nothing, &event(EventKind::AllSessionsEnded))
        .await
        .unwrap();
    let of_kept = ended.iter().find(|entry| entry.blocked == Blocked::Session(kept.id)).unwrap();
    assert_eq!(of_kept.keep_until, keep_until(later(500), Duration::ZERO), "as long as its newest token");
    assert_eq!(other.list_sessions(ada.id).await.unwrap().len(), 1);
    store
        .end_sessions_of(ada.id, None, Duration::ZERO, &Along::Disable(later(140)), &event(EventKind::Disabled))
        .await
        .unwrap();
    assert_eq!(other.find_user(&ada.username).await.unwrap().unwrap().0.disabled_at, Some(later(140)));
    assert!(!start(store, &session(21, &ada), "new").await);
    store.enable_user(ada.id, &event(EventKind::Enabled)).await.unwrap();
    store.purge_blocklist(later(1_000_000), 100).await.unwrap();
}

async fn purging(store: &Store, other: &Store) {
    let ada = user(1, "ada");
    for number in 20..26 {
        assert!(start(store, &session(number, &ada), "new").await);
        store.end_session(SessionId::from_random([number; 16]), NOW, Duration::ZERO, an_end()).await.unwrap();
    }
    assert!(start(store, &session(30, &ada), "new").await);
    assert_eq!(store.purge_sessions(NOW, 100).await.unwrap(), 0);
    let purged = store.purge_sessions(UnixTime(NOW.0 + 3601), 100).await.unwrap();
    assert_eq!(purged, 2, "the one that lives, and the one that ended by a reused token");

    // Of two processes one has the turn, until the other takes the next. A clock that was far ahead takes none away.
    let (turn, at) = (Duration::from_secs(50), |seconds| UnixTime(NOW.0 + seconds));
    for (process, seconds, taken) in [(store, 0, true), (other, 49, false), (store, 49, false), (other, 50, true)] {
        assert_eq!(process.take_purge_turn(at(seconds), turn).await.unwrap(), taken, "{seconds}");
    }
    assert!(store.take_purge_turn(at(86_400), turn).await.unwrap());
    assert!(other.take_purge_turn(at(100), turn).await.unwrap());

    let last_seq = store.list_blocked_since(0).await.unwrap().last().unwrap().seq;
    assert_eq!(store.purge_blocklist(UnixTime(NOW.0 + 5001), 4).await.unwrap(), 4);
    assert_eq!(store.purge_blocklist(UnixTime(NOW.0 + 5001), 100).await.unwrap(), 2);
    // A number is never used twice, even after a purge: a process that follows would miss the second.
    store.end_session(SessionId::from_random([40; 16]), NOW, Duration::ZERO, an_end()).await.unwrap();
    assert!(store.list_blocked_since(last_seq).await.unwrap().len() == 1);
    store.end_sessions_of(ada.id, None, Duration::ZERO, &Along::Remove, &event(EventKind::Removed)).await.unwrap();
}

async fn look_alikes(store: &Store, other: &Store) {
    for (number, name) in [(50, "ace"), (51, "adam1"), (52, "adaml")] {
        assert_eq!(add(store, number, name).await, Inserted::Yes, "{name}");
    }
    assert_eq!(add(other, 53, "\u{430}\u{441}\u{435}").await, Inserted::Taken, "Cyrillic");
    for (number, name, twin) in [
        (60, "cap", "\u{441}\u{430}\u{440}"),
        (62, "pay", "\u{440}\u{430}\u{443}"),
        (64, "op", "\u{43e}\u{440}"),
        (66, "izmir", "\u{131}zmir"),
    ] {
        let (one, two) = tokio::join!(add(store, number, name), add(other, number + 1, twin));
        assert_ne!(one, two, "of {name} and its twin exactly one is made");
    }
}

async fn add(store: &Store, number: u8, name: &str) -> Inserted {
    store.insert_user(&user(number, name), &hash("a"), &event(EventKind::SignedUp)).await.unwrap()
}
