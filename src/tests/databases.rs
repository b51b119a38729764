//! On which database specs run: on SQLite, or with `TEST_DATABASE=postgres` on the PostgreSQL of `TEST_POSTGRES_URL`, through
//! the pooler of `TEST_POOLER_URL` if there is one. Each folder has a database of its own there. Specs about SQLite's files are
//! on SQLite in both runs.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use handstamp::server::store::Store;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;

static ON_SQLITE: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// Returns a folder whose database is an SQLite file, in both runs.
pub fn sqlite_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut on_sqlite = ON_SQLITE.lock().unwrap_or_else(PoisonError::into_inner);
    on_sqlite.get_or_insert_default().insert(folder.path().to_owned());
    folder
}

/// Whether the database of this folder is on PostgreSQL.
pub fn is_on_postgres(folder: &Path) -> bool {
    let on_sqlite = ON_SQLITE.lock().unwrap_or_else(PoisonError::into_inner);
    runs_on_postgres() && !on_sqlite.as_ref().is_some_and(|folders| folders.contains(folder))
}

/// The address of the folder's database: a file with this name, unless it is on PostgreSQL.
pub fn url_of(folder: &Path, file: &str) -> String {
    if is_on_postgres(folder) { postgres_url(folder) } else { format!("sqlite:{}", folder.join(file).display()) }
}

/// The settings with which a server finds the folder's database.
pub fn settings_of(folder: &Path, file: &str) -> Vec<(&'static str, String)> {
    let url = url_of(folder, file);
    match setting("TEST_POOLER_URL").filter(|_| is_on_postgres(folder)) {
        Some(pooler) => vec![("DATABASE_URL", with_name(&pooler, &name_of(folder))), ("DATABASE_LISTEN_URL", url)],
        None => vec![("DATABASE_URL", url)],
    }
}

/// Runs statements as another process.
pub async fn execute(url: &str, statements: &str) {
    let statements = sqlx::raw_sql(AssertSqlSafe(statements));
    if url.starts_with("sqlite:") {
        statements.execute(&mut SqliteConnection::connect(url).await.unwrap()).await.unwrap();
    } else {
        statements.execute(&mut PgConnection::connect(url).await.unwrap()).await.unwrap();
    }
}

/// Reads or changes a database as another process. Returns the first column of the rows.
pub async fn first_column(url: &str, statement: &str) -> Vec<String> {
    let statement = AssertSqlSafe(statement);
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::query_scalar(statement).fetch_all(&mut connection).await.unwrap()
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(statement).fetch_all(&mut connection).await.unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "the settings of the specs, not of the program")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// PostgreSQL for the specs, if there is one.
pub fn postgres() -> Option<String> {
    setting("TEST_POSTGRES_URL")
}

fn runs_on_postgres() -> bool {
    setting("TEST_DATABASE").is_some_and(|database| database == "postgres")
}

const TEMPLATE: &str = "handstamp_template";

/// Returns a database of PostgreSQL with this name, in place of the one that the address has.
fn named(name: &str) -> String {
    with_name(&postgres().expect("TEST_POSTGRES_URL is set: make test does it"), name)
}

fn with_name(url: &str, name: &str) -> String {
    let (server, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}?{query}")
}

fn name_of(folder: &Path) -> String {
    let letters = folder.to_str().unwrap().chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The folder's database. Made at its first use, from one that has the tables.
fn postgres_url(folder: &Path) -> String {
    static MADE: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    static TEMPLATE_MADE: OnceLock<()> = OnceLock::new();
    let name = name_of(folder);
    let url = named(&name);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if made.get_or_insert_default().insert(folder.to_owned()) {
        TEMPLATE_MADE.get_or_init(|| {
            create(TEMPLATE, "template1");
            apart(async || Store::open(&named(TEMPLATE)).await.unwrap().close().await);
        });
        create(&name, TEMPLATE);
    }
    url
}

fn create(name: &str, template: &str) {
    let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
    apart(async move || {
        let options: PgConnectOptions = postgres().unwrap().parse().unwrap();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    });
}

/// Runs this on another thread, because specs make a folder's database inside and outside of async code.
fn apart<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send) {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(work()));
        worker.join().unwrap();
    });
}

/// SQL for an id that is this number, in both databases.
pub fn numbered_id(number: &str) -> String {
    format!("substr('000000000000000000000' || {number}, length('' || {number}) + 1) || 'A'")
}

/// A new database on PostgreSQL without tables, in both runs.
pub fn empty_on_postgres(name: &str) -> Option<String> {
    postgres()?;
    create(name, "template1");
    Some(named(name))
}

/// A new database on PostgreSQL, in both runs, and the socket where PostgreSQL listens.
pub fn new_on_postgres() -> Option<(String, PathBuf)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = postgres()?;
    let folder = PathBuf::from(url.split_once("host=").unwrap().1);
    let name = PathBuf::from(format!("new{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    Some((postgres_url(&name).split('?').next().unwrap().to_owned(), folder.join(".s.PGSQL.5432")))
}
