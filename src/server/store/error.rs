//! Why the store failed.

use sqlx::migrate::MigrateError;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the tables could not be updated")]
    Migrate(#[from] MigrateError),
    #[error("the store is closed")]
    Closed,
    #[error("another request changed the same data first")]
    Outdated,
    /// After this change no administrator could sign in.
    #[error("the last administrator stays; make another one first: handstamp user promote NAME")]
    LastAdministrator,
    /// A row that this program cannot have written. The message has the column, never its content.
    #[error("the column `{0}` has a value that this version does not know")]
    Damaged(&'static str),
}

impl StoreError {
    /// Returns whether another process has locked SQLite's file for longer than we wait.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let (Self::Database(error)
        | Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))) = self
        else {
            return false;
        };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // The low byte of an extended code is the basic code: 5 is SQLITE_BUSY.
        code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
    }
}
