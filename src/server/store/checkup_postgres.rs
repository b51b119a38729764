//! What `handstamp doctor` asks PostgreSQL about itself.

use sqlx::postgres::PgSslMode;

use super::error::StoreError;
use super::open::address;
use super::pool::{Pool, Store};
use super::pooler;
use crate::server::domain::checkup_postgres::{Connections, Durability, Poolers, Protection, Standbys};
use crate::server::domain::database::Database;

const SETTINGS: &str = "SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('fsync') = 'on', \
                        current_setting('full_page_writes') = 'on', current_setting('synchronous_commit')";
/// Replication of changes row by row is for other databases, not for a failover.
const STANDBYS: &str = "SELECT current_setting('synchronous_standby_names'), quote_ident(current_user), \
                        pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), \
                        COUNT(*) FILTER (WHERE state = 'streaming'), \
                        COUNT(*) FILTER (WHERE pid IS NOT NULL AND state IS NULL), \
                        COUNT(*) FILTER (WHERE sync_state IN ('sync', 'quorum')), \
                        CAST(EXTRACT(EPOCH FROM MAX(flush_lag)) * 1000 AS BIGINT) FROM pg_stat_replication \
                        WHERE pid NOT IN (SELECT active_pid FROM pg_replication_slots \
                                          WHERE active_pid IS NOT NULL AND slot_type = 'logical')";
/// The lowest of the limits for the role, the database and the server.
const CONNECTIONS: &str = "SELECT LEAST(CAST(current_setting('max_connections') AS BIGINT) \
                             - CAST(current_setting('superuser_reserved_connections') AS BIGINT) \
                             - CAST(COALESCE(current_setting('reserved_connections', true), '0') AS BIGINT), \
                             NULLIF((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1), \
                             NULLIF((SELECT datconnlimit FROM pg_database WHERE datname = current_database()), -1)), \
                           (SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                             AND starts_with(application_name, 'handstamp serves;'))";

/// What PostgreSQL says of itself.
#[derive(Debug)]
pub struct PostgresCheckup {
    pub poolers: Poolers,
    /// `None` if another engine answers.
    pub server: Option<Server>,
}

/// What only PostgreSQL itself can say.
#[derive(Debug)]
pub struct Server {
    pub durability: Durability,
    pub standbys: Standbys,
    pub connections: Connections,
}

impl Store {
    /// Asks PostgreSQL about itself. `None`: this is SQLite.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn examine_postgres(&self, database: &Database) -> Result<Option<PostgresCheckup>, StoreError> {
        let Pool::Postgres(pool) = &self.pool else { return Ok(None) };
        let listening = pooler::find_out(&address(&database.listen_url)?).await?;
        let poolers = Poolers { queries: !pool.is_dedicated(), listening: !listening.dedicated };
        if !pool.is_postgresql() {
            return Ok(Some(PostgresCheckup { poolers, server: None }));
        }
        let (version, fsync, full_page_writes, synchronous_commit) = sqlx::query_as(SETTINGS).fetch_one(pool).await?;
        let durability = Durability { version, fsync, full_page_writes, synchronous_commit };
        let (setting, role, role_sees_all, streaming, hidden, counted, lag) =
            sqlx::query_as(STANDBYS).fetch_one(pool).await?;
        let synchronous_commit = durability.synchronous_commit.clone();
        let standbys = Standbys { setting, synchronous_commit, role, role_sees_all, streaming, hidden, counted, lag };
        let (available, servers) = sqlx::query_as(CONNECTIONS).fetch_one(pool).await?;
        let connections = Connections { available, servers };
        Ok(Some(PostgresCheckup { poolers, server: Some(Server { durability, standbys, connections }) }))
    }
}

/// How a connection to this address is protected. `None` if it is no address. `is_local`: whether a host is this machine.
#[must_use]
pub fn protection_of(url: &str, is_local: impl Fn(&str) -> bool) -> Option<Protection> {
    let options = address(url).ok()?;
    if options.get_socket().is_some() || is_local(options.get_host()) {
        return Some(Protection::Local);
    }
    Some(match options.get_ssl_mode() {
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Protection::Optional,
        // With a certificate of an authority, it is verified like with `verify-ca`.
        PgSslMode::Require if url.contains("sslrootcert=") => Protection::Verified,
        PgSslMode::Require => Protection::Unverified,
        PgSslMode::VerifyCa | PgSslMode::VerifyFull => Protection::Verified,
    })
}
