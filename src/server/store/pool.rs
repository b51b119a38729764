//! The connection to SQLite or PostgreSQL, and the two macros with which one SQL text works on both.

use std::sync::Arc;

use sqlx::sqlite::SqlitePool;

use super::error::StoreError;
use super::postgres::Postgres;
use super::queue::{Queue, Write, Written};
use super::turn::{self, WriteConnection};
use super::uses::Uses;

/// The store. Its queries are in the modules beside this one, one for each table.
pub struct Store {
    pub(super) pool: Pool,
    pub(super) queue: Queue,
    pub(super) uses: Arc<Uses>,
}

/// One of the two databases. Cloning it clones pointers.
#[derive(Clone)]
pub(super) enum Pool {
    Sqlite {
        /// The connections that read.
        pool: SqlitePool,
        writer: WriteConnection,
    },
    Postgres(Postgres),
}

/// Runs one expression on a connection of either database.
macro_rules! on_pool {
    ($store:expr, |$connection:ident| $body:expr) => {
        match &$store.pool {
            $crate::server::store::pool::Pool::Sqlite { pool: $connection, .. } => $body,
            $crate::server::store::pool::Pool::Postgres($connection) => $body,
        }
    };
}

/// Runs one block in a transaction of either database. Commits if the block returns `Ok`; otherwise rolls back.
macro_rules! in_transaction {
    ($store:expr, |$transaction:ident| $body:block) => {
        match &$store.pool {
            $crate::server::store::pool::Pool::Sqlite { writer, .. } => {
                let mut turn = $crate::server::store::turn::Turn::begin(writer).await?;
                let $transaction = turn.connection()?;
                let result = $body;
                turn.commit().await?;
                result
            }
            $crate::server::store::pool::Pool::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                let $transaction = &mut transaction;
                let result = $body;
                transaction.commit().await?;
                result
            }
        }
    };
}

pub(super) use {in_transaction, on_pool};

impl Store {
    /// Writes; durable when this returns.
    pub(super) async fn write(&self, write: Write) -> Result<Written, StoreError> {
        self.queue.write(write).await
    }

    /// Writes some time soon, if there is room.
    pub(super) fn note(&self, write: Write) {
        self.queue.note(write);
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`] if it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_pool!(self, |pool| sqlx::query("SELECT 1").execute(pool).await.map(|_| ())?);
        Ok(())
    }

    /// Returns SQLite's settings for durability: the journal mode, and `synchronous` as a number (2 is FULL).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sqlite_durability(&self) -> Result<Option<(String, i64)>, StoreError> {
        let Pool::Sqlite { pool, .. } = &self.pool else { return Ok(None) };
        let (journal_mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(pool).await?;
        let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(pool).await?;
        Ok(Some((journal_mode, synchronous)))
    }

    /// Closes all connections after their current statements.
    pub async fn close(&self) {
        // If it fails, the uses are lost.
        let _ = self.write(Write::Nothing).await;
        if let Pool::Sqlite { writer, .. } = &self.pool {
            turn::close(writer).await;
        }
        on_pool!(self, |pool| pool.close().await);
    }
}
