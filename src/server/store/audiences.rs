//! The table `audiences`: other services that get tokens of their own.

use super::error::StoreError;
use super::pool::{Store, on_pool};
use crate::server::domain::audience::{Audience, AudienceName, AudienceTexts};
use crate::server::domain::unix_time::UnixTime;

const LIST: &str = "SELECT name, aud, typ, subject, client_id, claims, scope, roles, lifetime, created_at \
                    FROM audiences ORDER BY name";
const INSERT: &str = "INSERT INTO audiences \
                      (name, aud, typ, subject, client_id, claims, scope, roles, lifetime, created_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name) DO NOTHING";
const DELETE: &str = "DELETE FROM audiences WHERE name = $1";

type Row = (String, String, String, String, Option<String>, String, String, String, Option<i64>, i64);

impl Store {
    /// Returns all audiences, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_audiences(&self) -> Result<Vec<Audience>, StoreError> {
        let rows: Vec<Row> = on_pool!(self, |pool| sqlx::query_as(LIST).fetch_all(pool).await?);
        let audience = |(name, aud, typ, subject, client_id, claims, scope, roles, lifetime, created_at): Row| {
            let texts = AudienceTexts { name, aud, typ, subject, client_id, claims, scope, roles, lifetime };
            Audience::parse(texts, UnixTime(created_at)).map_err(|_| StoreError::Damaged("audiences"))
        };
        rows.into_iter().map(audience).collect()
    }

    /// Adds an audience; `false` if the name is taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_audience(&self, audience: &Audience) -> Result<bool, StoreError> {
        let AudienceTexts { name, aud, typ, subject, client_id, claims, scope, roles, lifetime } = audience.to_texts();
        let inserted = on_pool!(self, |pool| {
            let insert = sqlx::query(INSERT).bind(&name).bind(&aud).bind(&typ).bind(&subject).bind(&client_id);
            let insert = insert.bind(&claims).bind(&scope).bind(&roles).bind(lifetime).bind(audience.created_at.0);
            insert.execute(pool).await?.rows_affected()
        });
        Ok(inserted == 1)
    }

    /// Removes an audience; `false` if there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_audience(&self, name: &AudienceName) -> Result<bool, StoreError> {
        let deleted =
            on_pool!(self, |pool| sqlx::query(DELETE).bind(name.as_str()).execute(pool).await?.rows_affected());
        Ok(deleted == 1)
    }
}
