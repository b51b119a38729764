//! The table `store_id`: one row, the random id of the store.

use super::error::StoreError;
use super::pool::{Store, in_transaction, on_pool};
use crate::server::domain::ids::StoreId;

const GET: &str = "SELECT id FROM store_id";
/// If two processes do this at the same time, the second waits and then finds the row filled.
const FILL: &str = "UPDATE store_id SET id = $1 WHERE id = ''";

impl Store {
    /// Returns the id of the store. A new store has none: then it gets this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_id(&self, new: StoreId) -> Result<StoreId, StoreError> {
        let (mut id,): (String,) = on_pool!(self, |pool| sqlx::query_as(GET).fetch_one(pool).await?);
        if id.is_empty() {
            (id,) = in_transaction!(self, |transaction| {
                sqlx::query(FILL).bind(new.to_string()).execute(&mut *transaction).await?;
                let kept: (String,) = sqlx::query_as(GET).fetch_one(&mut *transaction).await?;
                kept
            });
        }
        StoreId::parse(&id).map_err(|_| StoreError::Damaged("store_id.id"))
    }
}
