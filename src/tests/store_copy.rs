//! `handstamp store copy`: everything arrives, nobody is signed out, and no sign-out is undone. From SQLite to PostgreSQL and
//! back, and from SQLite to SQLite. It uses PostgreSQL if `TEST_POSTGRES_URL` is set (`make test` sets it).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use handstamp::server::config::{Config, Settings};
use handstamp::server::domain::database::Database;
use handstamp::server::domain::unix_time::UnixTime;
use handstamp::server::flows::{self, Actor};
use handstamp::server::http::{self, Limits};
use handstamp::server::startup::{self, StartupError};
use handstamp::server::state::AppState;
use handstamp::server::store::Store;
use handstamp::server::store::copied_tables::TABLES;
use handstamp::server::world::World;
use tokio::net::TcpListener;

use crate::audiences::plain;
use crate::databases::{empty_on_postgres as postgres, execute as script, first_column as sql, sqlite_folder};
use crate::harness::{Answer, SECRET, TestApp, Tokens, bearer, send_to};
use crate::process::{handstamp, text};

pub fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

/// All rows of all tables.
pub async fn rows(url: &str) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut rows = BTreeMap::new();
    for table in &TABLES {
        let columns = [table.texts, table.numbers].concat();
        let columns: Vec<_> =
            columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), 'NULL')")).collect();
        let list = sql(url, &format!("SELECT {} FROM {}", columns.join(" || '|' || "), table.name)).await;
        rows.insert(table.name, list.into_iter().collect());
    }
    rows
}

pub fn copy(folder: &Path, from: &str, to: &str) -> Output {
    handstamp(folder, &["store", "copy", "--from", from, "--to", to], &[]).output().unwrap()
}

/// Copies. Returns what the command prints on both outputs.
pub fn copied(folder: &Path, from: &str, to: &str) -> (String, String) {
    let output = copy(folder, from, to);
    let said = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said:?}");
    said
}

/// Starts a server's state on a database, with the clock of the specs' server.
pub async fn start(app: &TestApp, url: &str, algorithm: &str) -> Result<AppState, StartupError> {
    let settings = [("JWT_SECRET", SECRET), ("JWT_ALGORITHM", algorithm), ("HASH_CONCURRENCY", "2")];
    let mut config = Config::from_settings(&Settings::from_pairs(settings)).unwrap();
    config.database = Database::from(url);
    let clock = Arc::clone(&app.clock);
    let world = World::with_clocks(move || UnixTime(clock.load(Ordering::SeqCst)), || Duration::ZERO);
    startup::start(config, world).await.map(|(state, _)| state)
}

/// Serves, and returns the origin.
async fn serve(state: &AppState) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let limits = Limits::default();
    tokio::spawn(http::serve(listener, http::router(state, limits), limits, std::future::pending()));
    origin
}

/// A used store: every table has rows.
struct Used {
    app: TestApp,
    live: Tokens,
    /// Of a session that ended.
    ended: Tokens,
    /// A refresh token that was used, and its successor.
    rotated: (Tokens, Tokens),
}

async fn used(algorithm: &str) -> Used {
    let mut app = TestApp::start_on_sqlite_with(&[("JWT_ALGORITHM", algorithm)]).await;
    app.add_administrator("root").await;
    app.add_user("ada").await;
    app.client("billing").await;
    app.audience(plain("billing")).await;
    flows::invite(&app.state, &Actor::Operator).await.unwrap();
    let (live, ended, first) = (app.tokens("ada").await, app.tokens("ada").await, app.tokens("ada").await);
    assert_eq!(app.logout(&ended.access).await.status, 200);
    let second = app.refresh(&first.refresh).await.tokens();
    while guess(&app.origin).await.status != 429 {}
    app.stop().await;
    for rows in [
        "totp (user_id, sealed, last_step, created_at) VALUES (USER, 'x', 0, 1)",
        "recovery_codes (code_hash, user_id) VALUES ('x', USER)",
        "passkeys (id, user_id, name, credential, created_at) VALUES ('x', USER, 'key', 'x', 1)",
        "challenges (id_hash, purpose, user_id, state, refusals, expires_at) VALUES ('x', 'y', USER, '{}', 0, 1)",
        "email_addresses (user_id, address, lookup, verified_at) VALUES (USER, 'A@x', 'a@x', 1)",
        "mail_links (code_hash, purpose, user_id, address, expires_at) VALUES ('x', 'y', USER, 'a@x', 1)",
        "mail_queue (id, user_id, sealed, tries, due_at, give_up_at) VALUES ('x', USER, 'x', 0, 1, 1)",
    ] {
        let rows = rows.replace("USER", "(SELECT id FROM users WHERE username = 'root')");
        script(&app.database_url(), &format!("INSERT INTO {rows}")).await;
    }
    Used { app, live, ended, rotated: (first, second) }
}

/// Tries to sign in with a wrong password.
async fn guess(origin: &str) -> Answer {
    let wrong = r#"{"username":"root","password":"not the password"}"#;
    send_to(origin, "POST", "/login", &[("content-type", "application/json")], Some(wrong)).await
}

/// Checks that a server on the copy knows every session, and every end of one.
async fn nobody_is_signed_out(used: &Used, url: &str, algorithm: &str) {
    let state = start(&used.app, url, algorithm).await.unwrap();
    let origin = serve(&state).await;
    let send = async |method: &str, path: &str, token: &str| {
        send_to(&origin, method, path, &[("authorization", &bearer(token))], None).await
    };
    assert_eq!(send("GET", "/protected", &used.live.access).await.status, 200);
    assert_eq!(send("POST", "/refresh", &used.live.refresh).await.status, 200);
    assert_eq!(send("GET", "/protected", &used.ended.access).await.status, 401);
    assert_eq!(send("POST", "/refresh", &used.ended.refresh).await.status, 401);
    assert_eq!(send("GET", "/protected", &used.rotated.1.access).await.status, 200);
    assert_eq!(send("POST", "/refresh", &used.rotated.1.refresh).await.status, 200);
    assert_eq!(guess(&origin).await.status, 429, "the tries are forgotten");
    assert_eq!(state.keys.load().active().id, used.app.state.keys.load().active().id);
    // The next sign-out has the next number.
    assert_eq!(send("DELETE", "/logout", &used.live.access).await.status, 200);
    let numbers: Vec<_> = state.store.list_blocked_since(0).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, [1, 2]);
    state.store.close().await;
    state.presence.leave().await;
}

#[tokio::test]
async fn nobody_is_signed_out_by_a_copy_to_postgresql_and_back_and_who_was_signed_out_stays_so() {
    let folder = sqlite_folder();
    let folder = folder.path();
    for algorithm in ["HS256", "EdDSA"] {
        let used = used(algorithm).await;
        let source = used.app.database_url();
        let all = rows(&source).await;
        for (table, rows) in &all {
            assert!(!rows.is_empty(), "this spec has nothing in {table}");
        }
        let [second, third] = ["second", "third"].map(|name| sqlite(folder, &format!("{algorithm}/{name}.db")));
        copied(folder, &source, &second);
        assert_eq!(rows(&second).await, all);
        if let Some(postgres) = postgres(&format!("copied_{}", algorithm.to_lowercase())) {
            copied(folder, &second, &postgres);
            assert_eq!(rows(&postgres).await, all);
            copied(folder, &postgres, &third);
            assert_eq!(rows(&third).await, all);
            nobody_is_signed_out(&used, &postgres, algorithm).await;
            assert!(!folder.join("data").exists(), "the command needs no folder for PostgreSQL");
        } else {
            copied(folder, &second, &third);
        }
        nobody_is_signed_out(&used, &third, algorithm).await;
    }
}

#[tokio::test]
async fn with_another_secret_no_session_survives_so_the_command_says_where_the_secret_is() {
    let folder = sqlite_folder();
    let folder = folder.path();
    handstamp(folder, &["user", "list"], &[]).output().unwrap();
    let secret = std::fs::read_to_string(folder.join("data/jwt_secret")).unwrap();
    let from = "sqlite:data/handstamp.db";

    let (said, note) = copied(folder, from, "sqlite:other/handstamp.db");
    assert!(note.contains("in data/jwt_secret. Copy this file to other/jwt_secret before a server starts"), "{note}");
    assert!(said.starts_with("Copied "), "{said}");
    let (_, beside) = copied(folder, from, "sqlite:data/second.db");
    assert!(beside.contains("in data/jwt_secret, where servers on the copy find it"), "{beside}");
    let (_, unknown) = copied(folder, "sqlite:other/handstamp.db", "sqlite:third.db");
    assert!(
        unknown.contains("Set JWT_SECRET of the servers on the copy to the secret of the servers before"),
        "{unknown}"
    );
    let mut all = said + &note + &beside + &unknown;
    if let Some(postgres) = postgres("says_the_secret") {
        let (said, note) = copied(folder, from, &postgres);
        assert!(note.contains("Set JWT_SECRET of the servers on the copy to the content of this file"), "{note}");
        all += &(said + &note);
    }
    assert!(!all.contains(secret.trim()) && !all.contains(secret.trim().trim_start_matches("base64:")), "{all}");
    // Private, as a start creates them.
    for (path, mode) in [("other", 0o700), ("other/handstamp.db", 0o600)] {
        let metadata = std::fs::metadata(folder.join(path)).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, mode, "{path}");
    }
}

#[tokio::test]
async fn a_long_copy_shows_its_progress_and_a_short_one_does_not() {
    let folder = sqlite_folder();
    let folder = folder.path();
    let used = used("HS256").await;
    let source = used.app.database_url();
    let (_, quiet) = copied(folder, &source, "sqlite:short.db");
    assert!(!quiet.contains("Copied "), "{quiet}");

    add_sessions(&source, 50_000).await;
    let (said, notes) = copied(folder, &source, "sqlite:long.db");
    let total: u64 = said.split_whitespace().nth(1).unwrap().parse().unwrap();
    let shown: Vec<u64> = notes
        .lines()
        .filter_map(|line| line.strip_prefix("Copied ")?.strip_suffix(&format!(" of {total} rows"))?.parse().ok())
        .collect();
    assert!(
        (10..=20).contains(&shown.len()) && shown.is_sorted() && shown.iter().all(|done| *done <= total),
        "{notes}"
    );
    assert_eq!(rows(&sqlite(folder, "long.db")).await, rows(&source).await);
}

/// Adds copies of one session. Their ids begin with zeros.
pub async fn add_sessions(url: &str, number: u32) {
    let table = TABLES.iter().find(|table| table.name == "sessions").unwrap();
    let others = [&table.texts[1..], table.numbers].concat().join(", ");
    script(
        url,
        &format!(
            "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {number}) \
             INSERT INTO sessions (id, {others}) SELECT printf('%021dA', i), {others} FROM numbers, \
             (SELECT * FROM sessions LIMIT 1) AS one_session"
        ),
    )
    .await;
}

/// The columns of a database, as `table column type`, and the references between tables.
type Schema = (BTreeSet<String>, Vec<(String, String)>);

async fn schema(url: &str) -> Schema {
    let (columns, references) = if url.starts_with("sqlite:") {
        (
            "SELECT m.name || ' ' || c.name || ' ' || c.type FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table'",
            "SELECT m.name || ' ' || f.\"table\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f",
        )
    } else {
        (
            "SELECT table_name || ' ' || column_name || ' ' || upper(data_type) FROM information_schema.columns \
             WHERE table_schema = current_schema()",
            "SELECT conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint WHERE contype = 'f'",
        )
    };
    let columns = sql(url, columns).await.into_iter();
    let pair = |line: String| line.split_once(' ').map(|(from, to)| (from.to_owned(), to.to_owned())).unwrap();
    let own = columns.filter(|line| !line.starts_with("_sqlx_migrations ") && !line.starts_with("sqlite_"));
    (own.collect(), sql(url, references).await.into_iter().map(pair).collect())
}

#[tokio::test]
async fn the_list_of_tables_to_copy_is_the_schema_of_both_databases() {
    let folder = sqlite_folder();
    let databases = [Some(sqlite(folder.path(), "handstamp.db")), postgres("has_all_tables")];
    let listed: BTreeSet<String> = TABLES
        .iter()
        .flat_map(|table| {
            let typed = |of: &'static str| move |column: &&str| format!("{} {column} {of}", table.name);
            table.texts.iter().map(typed("TEXT")).chain(table.numbers.iter().map(typed("BIGINT")))
        })
        .collect();
    let place = |name: &str| TABLES.iter().position(|table| table.name == name).unwrap();
    for url in databases.iter().flatten() {
        Store::open(url).await.unwrap().close().await;
        let (columns, references) = schema(url).await;
        assert_eq!(columns, listed, "a migration has changed the tables: change TABLES in copied_tables.rs");
        assert!(!references.is_empty());
        for (from, to) in references {
            assert!(place(&to) < place(&from), "{from} refers to {to}, which is copied later");
        }
    }
}
