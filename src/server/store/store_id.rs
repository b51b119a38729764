//! The table `store_id`: one row, the random id of the store.

use super::error::StoreError;
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::ids::StoreId;

const GET: &str = "SELECT id FROM store_id";
/// If two processes do this at the same time, the second waits and then finds the row.
const INSERT: &str = "INSERT INTO store_id (which, id) VALUES ('this', $1) ON CONFLICT (which) DO NOTHING";

impl Store {
    /// Returns the id of the store. A new store has none: then it gets this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_id(&self, new: StoreId) -> Result<StoreId, StoreError> {
        let found: Option<(String,)> = on_pool!(self, |pool| sqlx::query_as(GET).fetch_optional(pool).await?);
        let (id,) = match found {
            Some(found) => found,
            None => in_transaction!(self, |transaction| {
                sqlx::query(INSERT).bind(new.to_string()).execute(&mut *transaction).await?;
                let kept: (String,) = sqlx::query_as(GET).fetch_one(&mut *transaction).await?;
                kept
            }),
        };
        StoreId::parse(&id).map_err(|_| StoreError::Damaged("store_id.id"))
    }
}
