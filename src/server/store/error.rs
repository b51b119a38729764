//! Why the store failed.

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::held::is_of_connection;

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the address cannot be understood: {0}")]
    Address(sqlx::Error),
    #[error("the tables could not be updated")]
    Migrate(#[from] MigrateError),
    /// Whatever was to be written may or may not be.
    #[error("the database does not answer")]
    Unreachable,
    #[error("the database is a standby, which may lack what the primary has")]
    Standby,
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
    /// Returns whether the connection to PostgreSQL failed, and not the statement.
    pub(super) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Database(error) if is_of_connection(error))
    }

    /// Returns whether PostgreSQL refused, or could not be reached.
    #[must_use]
    pub fn is_of_postgres(&self) -> bool {
        match self {
            Self::Address(_) | Self::Unreachable | Self::Standby => true,
            Self::Database(error)
            | Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => match error {
                sqlx::Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>().is_some(),
                other => is_of_connection(other),
            },
            _ => false,
        }
    }

    /// Returns whether another process has locked SQLite's file for longer than we wait.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let (Self::Database(error)
        | Self::Migrate(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))) = self
        else {
            return false;
        };
        // The codes of PostgreSQL are numbers too: 42501 is a missing permission.
        let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<SqliteError>());
        let code = error.and_then(sqlx::error::DatabaseError::code);
        // The low byte of an extended code is the basic code: 5 is SQLITE_BUSY.
        code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
    }
}
