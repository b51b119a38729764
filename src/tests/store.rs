//! The store, on both databases: the same spec for each. PostgreSQL where `TEST_POSTGRES_URL` names one (`make test` does).

use std::time::Duration;

use handstamp::server::domain::blocklist::Blocked;
use handstamp::server::domain::ids::{SessionId, UserId};
use handstamp::server::domain::password::PasswordHash;
use handstamp::server::domain::session::Session;
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::{Roles, User};
use handstamp::server::domain::username::Username;
use handstamp::server::store::Store;
use handstamp::server::store::sessions::Along;
use handstamp::server::store::users::Inserted;

const NOW: UnixTime = UnixTime(1_795_338_720);

fn user(number: u8, name: &str) -> User {
    User {
        id: UserId::from_random([number; 16]),
        username: Username::parse(name).unwrap(),
        roles: if number == 1 { Roles::admin() } else { Roles::default() },
        created_at: NOW,
    }
}

fn session(number: u8, user: &User) -> Session {
    Session {
        id: SessionId::from_random([number; 16]),
        user_id: user.id,
        started_at: NOW,
        expires_at: UnixTime(NOW.0 + 60),
    }
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
    let Some(url) = option_env("TEST_POSTGRES_URL") else {
        println!("TEST_POSTGRES_URL is not set: PostgreSQL was not tried; `make test` tries it");
        return;
    };
    let store = Store::open(&url).await.unwrap();
    keeps_its_word(&store, &Store::open(&url).await.unwrap()).await;
}

#[tokio::test]
async fn sqlite_survives_power_loss_by_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("handstamp.db").display());
    let store = Store::open(&url).await.unwrap();
    // 2 is FULL: with NORMAL a commit survives a crash, but not power loss.
    assert_eq!(store.sqlite_durability().await.unwrap(), Some(("wal".to_owned(), 2)));
}

/// `other` is a second process on the same database.
async fn keeps_its_word(store: &Store, other: &Store) {
    users(store).await;
    sessions(store, other).await;
    purging(store).await;
    first_users(store, other).await;
}

async fn users(store: &Store) {
    assert!(!store.has_users().await.unwrap());
    let (ada, bob) = (user(1, "ada"), user(2, "bob"));
    assert_eq!(store.insert_user(&ada, &hash("a")).await.unwrap(), Inserted::Yes);
    assert_eq!(store.insert_user(&bob, &hash("b")).await.unwrap(), Inserted::Yes);
    assert_eq!(store.insert_user(&user(3, "Ada"), &hash("c")).await.unwrap(), Inserted::Taken);

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
        assert!(store.start_session(session, &hash(verified)).await.unwrap());
    }
    assert!(!store.start_session(&session(14, &ada), &hash("an older password")).await.unwrap());
    assert!(!store.start_session(&session(15, &user(9, "gone")), &hash("a")).await.unwrap());

    let keep_until = UnixTime(NOW.0 + 1000);
    store.end_session(third.id, keep_until).await.unwrap();
    store.end_session(third.id, keep_until).await.unwrap();
    let seen = other.list_blocked_since(0).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].blocked, seen[0].keep_until), (Blocked::Session(third.id), keep_until));

    store.end_sessions_of(ada.id, Duration::ZERO, &Along::ChangePassword(hash("new"))).await.unwrap();
    let news = other.list_blocked_since(seen[0].seq).await.unwrap();
    let mut blocked: Vec<_> = news.iter().map(|entry| entry.blocked).collect();
    blocked.sort_by_key(|blocked| format!("{blocked:?}"));
    assert_eq!(blocked, [Blocked::Session(first.id), Blocked::Session(second.id)]);
    assert!(news.iter().all(|entry| entry.keep_until > first.expires_at && entry.seq > seen[0].seq));
    assert_eq!(store.find_user(&ada.username).await.unwrap().unwrap().1.as_stored(), "new");

    assert!(store.start_session(&session(16, &bob), &hash("b")).await.unwrap());
    store.end_sessions_of(bob.id, Duration::ZERO, &Along::Remove).await.unwrap();
    assert!(store.find_user_by_id(bob.id).await.unwrap().is_none());
    assert_eq!(other.list_blocked_since(0).await.unwrap().len(), 4);
}

async fn purging(store: &Store) {
    let ada = user(1, "ada");
    for number in 20..26 {
        assert!(store.start_session(&session(number, &ada), &hash("new")).await.unwrap());
        store.end_session(SessionId::from_random([number; 16]), UnixTime(NOW.0 + 5000)).await.unwrap();
    }
    assert!(store.start_session(&session(30, &ada), &hash("new")).await.unwrap());
    assert_eq!(store.purge_sessions(NOW, 100).await.unwrap(), 0);
    assert_eq!(store.purge_sessions(UnixTime(NOW.0 + 61), 100).await.unwrap(), 1);

    let last_seq = store.list_blocked_since(0).await.unwrap().last().unwrap().seq;
    assert_eq!(store.purge_blocklist(UnixTime(NOW.0 + 5001), 4).await.unwrap(), 4);
    assert_eq!(store.purge_blocklist(UnixTime(NOW.0 + 5001), 100).await.unwrap(), 6);
    // A number is never given twice, whatever was purged: a process that follows would miss the second.
    store.end_session(SessionId::from_random([40; 16]), UnixTime(NOW.0 + 5000)).await.unwrap();
    assert!(store.list_blocked_since(last_seq).await.unwrap().len() == 1);
    store.end_sessions_of(ada.id, Duration::ZERO, &Along::Remove).await.unwrap();
}

async fn first_users(store: &Store, other: &Store) {
    assert!(!store.has_users().await.unwrap());
    let (ada, bob, password) = (user(1, "ada"), user(2, "bob"), hash("a"));
    let (one, two) = tokio::join!(store.insert_first_user(&ada, &password), other.insert_first_user(&bob, &password));
    assert_ne!(one.unwrap(), two.unwrap(), "exactly one wins");
    assert_eq!(store.list_users().await.unwrap().len(), 1);
}

#[expect(clippy::disallowed_methods, reason = "not a setting of the server, but of its specs")]
fn option_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
