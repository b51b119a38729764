//! Why the store did not do what it was asked for.

use sqlx::migrate::MigrateError;

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the tables could not be brought up to date")]
    Migrate(#[from] MigrateError),
    #[error("the store is closed")]
    Closed,
    #[error("what was to be changed has been changed by somebody else")]
    Outdated,
    /// With this deed nobody would be left to manage users.
    #[error("the last administrator stays; make another one first: handstamp user promote NAME")]
    LastAdministrator,
    /// A row that we cannot have written. Names the column, never its content.
    #[error("the column `{0}` holds what this version does not understand")]
    Damaged(&'static str),
}

impl StoreError {
    /// Whether another process has SQLite's file to itself, and kept it for longer than is waited.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let (Self::Database(error)
        | Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))) = self
        else {
            return false;
        };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // The low byte of an extended code is the code: 5 is SQLITE_BUSY.
        code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
    }
}
