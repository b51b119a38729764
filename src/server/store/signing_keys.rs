//! The table `signing_keys`: the key ring, with encrypted private keys. It is read as a whole and replaced as a whole.

use super::error::StoreError;
use super::events;
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::algorithm::Algorithm;
use crate::server::domain::ids::UserId;
use crate::server::domain::kept_keys::{KeptKey, KeyState};
use crate::server::domain::security_event::NewEvent;
use crate::server::domain::unix_time::UnixTime;

const VERSION: &str = "SELECT value FROM counters WHERE name = 'signing_keys'";
/// One statement, so that version and rows belong together. Without keys it returns one row of nulls.
const LIST: &str = "SELECT counters.value, id, algorithm, state, verifies_until, created_at, public_jwk, sealed \
                    FROM counters LEFT JOIN signing_keys ON 1 = 1 WHERE counters.name = 'signing_keys' \
                    ORDER BY created_at, id";
/// Raises the counter, and locks it until the end of the transaction.
const NEXT_VERSION: &str = "UPDATE counters SET value = value + 1 WHERE name = 'signing_keys' AND value = $1";
const DELETE_ALL: &str = "DELETE FROM signing_keys";
const INSERT: &str = "INSERT INTO signing_keys (id, algorithm, state, verifies_until, created_at, public_jwk, sealed) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";

type Row =
    (i64, Option<String>, Option<String>, Option<String>, Option<i64>, Option<i64>, Option<String>, Option<String>);

impl Store {
    /// Returns the version: a number that grows with every change of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn signing_keys_version(&self) -> Result<i64, StoreError> {
        let (version,): (i64,) = on_pool!(self, |pool| sqlx::query_as(VERSION).fetch_one(pool).await?);
        Ok(version)
    }

    /// Returns all keys, oldest first, and their version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_signing_keys(&self) -> Result<(i64, Vec<KeptKey>), StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).fetch_all(pool).await?);
        let version = rows.first().ok_or(StoreError::Damaged("counters.name"))?.0;
        let keys = rows.into_iter().filter_map(key).collect::<Result<_, _>>()?;
        Ok((version, keys))
    }

    /// Replaces the keys of `version` by these. `false` if another process has changed them since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_signing_keys(&self, version: i64, keys: &[KeptKey]) -> Result<bool, StoreError> {
        self.replace_signing_keys_by(version, keys, None).await
    }

    /// Like [`Self::replace_signing_keys`], and records the event for the account that did it, if any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_signing_keys_by(
        &self,
        version: i64,
        keys: &[KeptKey],
        by: Option<&(NewEvent, UserId)>,
    ) -> Result<bool, StoreError> {
        let replaced = in_transaction!(self, |transaction| {
            let raised = sqlx::query(NEXT_VERSION).bind(version).execute(&mut *transaction).await?.rows_affected();
            if raised == 1 {
                sqlx::query(DELETE_ALL).execute(&mut *transaction).await?;
                for key in keys {
                    let public = key.public.as_ref().map(serde_json::to_string).transpose();
                    sqlx::query(INSERT)
                        .bind(&key.id)
                        .bind(key.algorithm.name())
                        .bind(key.state.name())
                        .bind(key.state.verifies_until().map(|until| until.0))
                        .bind(key.created_at.0)
                        .bind(public.map_err(|_| StoreError::Damaged("signing_keys.public_jwk"))?)
                        .bind(&key.sealed)
                        .execute(&mut *transaction)
                        .await?;
                }
                if let Some((event, id)) = by {
                    events::of_user(event, *id).execute(&mut *transaction).await?;
                }
            }
            raised == 1
        });
        Ok(replaced)
    }
}

/// `None` for the row that means "no keys".
fn key(
    (_, id, algorithm, state, verifies_until, created_at, public, sealed): Row,
) -> Option<Result<KeptKey, StoreError>> {
    let id = id?;
    let read = || {
        let algorithm = algorithm.as_deref().and_then(Algorithm::from_name);
        let state = match (state.as_deref(), verifies_until) {
            (Some("next"), None) => Some(KeyState::Next),
            (Some("active"), None) => Some(KeyState::Active),
            (Some("retired"), Some(until)) => Some(KeyState::Retired { verifies_until: UnixTime(until) }),
            (Some("barred"), None) => Some(KeyState::Barred),
            _ => None,
        };
        let public = public.map(|jwk| serde_json::from_str(&jwk)).transpose();
        Ok(KeptKey {
            id,
            algorithm: algorithm.ok_or(StoreError::Damaged("signing_keys.algorithm"))?,
            state: state.ok_or(StoreError::Damaged("signing_keys.state"))?,
            created_at: UnixTime(created_at.ok_or(StoreError::Damaged("signing_keys.created_at"))?),
            public: public.map_err(|_| StoreError::Damaged("signing_keys.public_jwk"))?,
            sealed,
        })
    };
    Some(read())
}
