//! Transactions on PostgreSQL lock rows in one order. Otherwise those of several processes wait for each other in a circle, for
//! the second after which PostgreSQL ends one of them. SQLite has one writer at a time.

use std::sync::Arc;
use std::time::Duration;

use handstamp::server::domain::additional_claims::AdditionalClaims;
use handstamp::server::domain::ids::{SessionId, ThrottleKey, TokenId, UserId};
use handstamp::server::domain::methods::Methods;
use handstamp::server::domain::password::PasswordHash;
use handstamp::server::domain::refresh_token::Generation;
use handstamp::server::domain::security_event::EventKind;
use handstamp::server::domain::session::{Origin, Session, SessionKind};
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::domain::user::{Roles, User};
use handstamp::server::domain::username::Username;
use handstamp::server::store::sessions::Along;
use handstamp::server::store::throttle::TryCount;
use handstamp::server::store::{Store, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::task::JoinHandle;

use crate::databases::{self, execute, first_column};
use crate::harness::event;
use crate::process::eventually;

const NOW: UnixTime = UnixTime(1_795_338_720);
const LATER: UnixTime = UnixTime(NOW.0 + 3600);
const TOKEN: TokenId = TokenId::from_random([77; 16]);
/// Transactions that wait for a row.
const WAITING: &str = "SELECT COUNT(*)::text FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// A store on PostgreSQL with the sessions of one user.
struct Crowd {
    url: String,
    store: Arc<Store>,
    user: User,
    /// In the order of their ids. The table has them in the opposite order.
    sessions: Vec<SessionId>,
}

impl Crowd {
    /// `None` without PostgreSQL.
    async fn new() -> Option<Self> {
        let (url, socket) = databases::new_on_postgres()?;
        let url = format!("{url}?host={}", socket.parent().unwrap().display());
        let store = Store::open(&url).await.unwrap();
        let user = User {
            id: UserId::from_random([1; 16]),
            username: Username::parse("ada").unwrap(),
            roles: Roles::default(),
            created_at: NOW,
            disabled_at: None,
        };
        store.insert_user(&user, &first_password(), &event(EventKind::SignedUp)).await.unwrap();
        let mut sessions: Vec<_> = (0..5).map(|number| SessionId::from_random([number; 16])).collect();
        sessions.sort_by_key(ToString::to_string);
        let crowd = Self { url, store: Arc::new(store), user, sessions };
        for id in crowd.sessions.iter().rev() {
            assert!(crowd.start(*id).await.unwrap().unwrap());
        }
        Some(crowd)
    }

    /// Starts a session for someone who has just shown the first password.
    fn start(&self, id: SessionId) -> JoinHandle<Result<bool, StoreError>> {
        let (store, user) = (Arc::clone(&self.store), self.user.clone());
        let session = Session {
            id,
            user_id: user.id,
            started_at: NOW,
            expires_at: LATER,
            kind: SessionKind::Kept,
            origin: Origin { device: "curl".into(), address: "192.0.2.x".into() },
            methods: Methods::PASSWORD,
            additional: AdditionalClaims::default(),
        };
        let start = async move {
            let signed_in = event(EventKind::SignedIn);
            store.start_session(&session, TOKEN, LATER, (&user, &first_password()), signed_in).await
        };
        tokio::spawn(start)
    }

    /// Locks a row, until the connection ends.
    async fn lock(&self, table: &str, column: &str, value: &str) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let lock = format!("BEGIN; SELECT 1 FROM {table} WHERE {column} = '{value}' FOR UPDATE");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut connection).await.unwrap();
        connection
    }

    async fn one_waits(&self) {
        self.wait(1).await;
    }

    /// Returns when so many transactions wait for a row.
    async fn wait(&self, transactions: u32) {
        let expected = [transactions.to_string()];
        eventually("transactions wait for a row", async || first_column(&self.url, WAITING).await == expected).await;
    }

    /// Fails if one of these rows is locked.
    async fn expect_free(&self, table: &str, column: &str, values: &[String]) {
        let values = values.join("', '");
        execute(&self.url, &format!("SELECT 1 FROM {table} WHERE {column} IN ('{values}') FOR UPDATE NOWAIT")).await;
    }

    fn ids(&self) -> Vec<String> {
        self.sessions.iter().map(ToString::to_string).collect()
    }
}

/// As the user's row has it.
fn first_password() -> PasswordHash {
    PasswordHash::from_stored("g".to_owned())
}

#[tokio::test]
async fn writes_in_one_transaction_that_wait_for_a_session_have_locked_no_later_one() {
    let Some(crowd) = Crowd::new().await else { return };
    let ids = crowd.ids();
    let rotate = |number: usize| {
        let (store, id) = (Arc::clone(&crowd.store), crowd.sessions[number]);
        let rotated = async move { store.rotate(id, Generation(0), TOKEN, LATER, NOW).await };
        tokio::spawn(rotated)
    };
    // While the writer waits for the last session, the others come, and then go into one transaction.
    let last = crowd.lock("sessions", "id", &ids[4]).await;
    let rotated_last = rotate(4);
    crowd.one_waits().await;
    crowd.store.note_use(crowd.sessions[3], TOKEN, NOW, NOW);
    let rotated = [2, 1, 0].map(rotate);
    tokio::task::yield_now().await;
    let first = crowd.lock("sessions", "id", &ids[0]).await;
    last.close().await.unwrap();
    assert!(rotated_last.await.unwrap().unwrap());

    crowd.one_waits().await;
    crowd.expect_free("sessions", "id", &ids[1..]).await;

    first.close().await.unwrap();
    for rotated in rotated {
        assert!(rotated.await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn the_end_of_all_sessions_of_a_user_that_waits_for_one_has_locked_no_later_one() {
    let Some(crowd) = Crowd::new().await else { return };
    let ids = crowd.ids();
    let first = crowd.lock("sessions", "id", &ids[0]).await;
    let (store, user) = (Arc::clone(&crowd.store), crowd.user.id);
    let ended = tokio::spawn(async move {
        let told = event(EventKind::AllSessionsEnded);
        store.end_sessions_of(user, None, Duration::ZERO, &Along::Nothing, &told).await.map(|entries| entries.len())
    });

    crowd.one_waits().await;
    crowd.expect_free("sessions", "id", &ids[1..]).await;

    first.close().await.unwrap();
    assert_eq!(ended.await.unwrap().unwrap(), ids.len());
}

#[tokio::test]
async fn a_sign_in_beside_a_change_of_the_password_waits_for_it_and_starts_no_session_with_the_old_one() {
    let Some(crowd) = Crowd::new().await else { return };
    let first = crowd.lock("sessions", "id", &crowd.ids()[0]).await;
    let (store, user) = (Arc::clone(&crowd.store), crowd.user.id);
    let changed = tokio::spawn(async move {
        let to = PasswordHash::from_stored("h".to_owned());
        let along = Along::ChangePassword { from: Some(first_password()), to };
        store.end_sessions_of(user, None, Duration::ZERO, &along, &event(EventKind::PasswordChanged)).await
    });
    crowd.one_waits().await;
    let started = crowd.start(SessionId::from_random([9; 16]));
    crowd.wait(2).await;

    first.close().await.unwrap();
    assert_eq!(changed.await.unwrap().unwrap().len(), crowd.sessions.len());
    assert!(!started.await.unwrap().unwrap());
    assert_eq!(crowd.store.list_sessions(user).await.unwrap(), []);
}

#[tokio::test]
async fn a_sign_out_waits_for_those_of_other_processes_only_after_it_has_all_its_other_rows() {
    let Some(crowd) = Crowd::new().await else { return };
    let ids = crowd.ids();
    let counter = crowd.lock("counters", "name", "blocklist").await;
    let (store, id) = (Arc::clone(&crowd.store), crowd.sessions[0]);
    let ended = tokio::spawn(async move {
        store.end_session(id, LATER, Duration::ZERO, event(EventKind::SessionEnded)).await.map(|_| ())
    });
    crowd.one_waits().await;
    let locked = format!("SELECT id FROM sessions WHERE id = '{}' FOR UPDATE SKIP LOCKED", ids[0]);
    assert_eq!(first_column(&crowd.url, &locked).await, [""; 0], "it has its session already");
    counter.close().await.unwrap();
    ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn attempts_that_wait_for_a_count_have_locked_no_later_one() {
    let Some(crowd) = Crowd::new().await else { return };
    let mut keys: Vec<_> = (0..4).map(|number| ThrottleKey::from_random([number; 16])).collect();
    keys.sort_by_key(|key| std::cmp::Reverse(key.to_string()));
    let counts: Vec<_> =
        keys.iter().map(|key| TryCount { key: *key, fade: Duration::from_mins(1), next_at: NOW }).collect();
    let emptied = crowd.store.count_try(counts.clone(), None, NOW).await.unwrap();
    let texts: Vec<_> = keys.iter().rev().map(ToString::to_string).collect();
    let first = crowd.lock("throttle", "key", &texts[0]).await;
    let store = Arc::clone(&crowd.store);
    let counted = tokio::spawn(async move { store.count_try(counts, None, NOW.plus(Duration::from_mins(1))).await });

    crowd.one_waits().await;
    crowd.expect_free("throttle", "key", &texts[1..]).await;

    first.close().await.unwrap();
    let later: Vec<_> = emptied.iter().map(|at| at.plus(Duration::from_mins(1))).collect();
    assert_eq!(counted.await.unwrap().unwrap(), later);
}
