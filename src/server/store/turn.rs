//! The connection of SQLite that writes. SQLite has one writer, so there is one connection, and transactions take turns.
//! Waiting here is fair and ends at once; SQLite itself would poll. And the pages that a transaction reads are still in
//! the connection's memory from the one before.

use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// `None` after the store was closed.
pub(super) type WriteConnection = Arc<Mutex<Option<SqliteConnection>>>;

/// A transaction that holds the connection. If it is dropped before its commit, because of an error or because the caller
/// has gone, it is rolled back, and then the next one gets the connection.
///
/// Not a transaction of sqlx: if the disk fails, SQLite ends a transaction by itself, but sqlx still counts it as open and
/// never begins another one on that connection.
pub(super) struct Turn(Option<OwnedMutexGuard<Option<SqliteConnection>>>);

impl Turn {
    pub(super) async fn begin(writer: &WriteConnection) -> Result<Self, sqlx::Error> {
        let mut turn = Self(Some(Arc::clone(writer).lock_owned().await));
        // IMMEDIATE: a transaction that reads first and writes later cannot wait for the write lock.
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(turn.connection()?).await?;
        Ok(turn)
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.0.as_mut().and_then(|held| held.as_mut()).ok_or(sqlx::Error::PoolClosed)
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("COMMIT").execute(self.connection()?).await?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (Some(held), Ok(runtime)) = (self.0.take(), Handle::try_current()) else { return };
        runtime.spawn(roll_back(held));
    }
}

/// If there is no transaction, SQLite reports an error, which is ignored.
async fn roll_back(mut held: OwnedMutexGuard<Option<SqliteConnection>>) {
    if let Some(connection) = held.as_mut() {
        let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    }
}

/// Closes the connection after the current transaction.
pub(super) async fn close(writer: &WriteConnection) {
    if let Some(connection) = writer.lock().await.take() {
        // If it fails, the connection is gone all the same.
        let _ = connection.close().await;
    }
}
