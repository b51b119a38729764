//! The list of all tables and their columns, for a copy of a whole store, and the statements that read and write them. A
//! spec compares the list with the real schema of both databases.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::{ColumnIndex, Database, Decode, Encode, Type};

use super::many_rows::ManyRows;

/// A table. Columns are TEXT or BIGINT, and any of them can be NULL.
pub struct Table {
    pub name: &'static str,
    /// The columns of type TEXT. The first is the primary key.
    pub texts: &'static [&'static str],
    /// The columns of type BIGINT.
    pub numbers: &'static [&'static str],
}

/// All tables. A table comes after those that it refers to. The list has every column: a migration that adds one adds it
/// here too.
pub static TABLES: [Table; 19] = [
    Table { name: "counters", texts: &["name"], numbers: &["value"] },
    Table {
        name: "users",
        texts: &["id", "username", "skeleton", "password_hash", "roles"],
        numbers: &["is_ascii", "created_at", "disabled_at"],
    },
    Table {
        name: "sessions",
        texts: &["id", "user_id", "kind", "unseen_token", "device", "address", "additional_claims", "methods"],
        numbers: &[
            "started_at",
            "expires_at",
            "generation",
            "rotated_at",
            "token_expires_at",
            "last_used_at",
            "reused_at",
        ],
    },
    Table { name: "blocklist", texts: &["id", "kind"], numbers: &["keep_until", "seq"] },
    Table {
        name: "signing_keys",
        texts: &["id", "algorithm", "state", "public_jwk", "sealed"],
        numbers: &["verifies_until", "created_at"],
    },
    Table { name: "clients", texts: &["name", "secret_hash"], numbers: &["created_at"] },
    Table {
        name: "audiences",
        texts: &["name", "aud", "typ", "subject", "client_id", "claims", "scope", "roles"],
        numbers: &["lifetime", "created_at"],
    },
    Table {
        name: "security_events",
        texts: &["id", "kind", "user_id", "username", "by_whom", "device", "address"],
        numbers: &["seq", "at", "notice"],
    },
    Table { name: "invitations", texts: &["code_hash", "invited_by"], numbers: &["expires_at"] },
    Table {
        name: "totp",
        texts: &["user_id", "sealed"],
        numbers: &["last_step", "created_at", "confirmed_at", "last_used_at"],
    },
    Table { name: "recovery_codes", texts: &["code_hash", "user_id"], numbers: &["used_at"] },
    Table {
        name: "passkeys",
        texts: &["id", "user_id", "name", "credential"],
        numbers: &["quiet", "created_at", "last_used_at"],
    },
    Table {
        name: "challenges",
        texts: &["id_hash", "purpose", "user_id", "state"],
        numbers: &["refusals", "expires_at"],
    },
    Table { name: "email_addresses", texts: &["user_id", "address", "lookup"], numbers: &["verified_at"] },
    Table { name: "mail_links", texts: &["code_hash", "purpose", "user_id", "address"], numbers: &["expires_at"] },
    Table { name: "mail_queue", texts: &["id", "user_id", "sealed"], numbers: &["tries", "due_at", "give_up_at"] },
    Table { name: "throttle", texts: &["key"], numbers: &["empty_at", "next_at"] },
    Table { name: "familiar_networks", texts: &["key"], numbers: &["seen_at"] },
    Table { name: "store_id", texts: &["which", "id"], numbers: &[] },
];

/// The name of the row in `counters` that marks an unfinished copy.
macro_rules! copy_marker {
    () => {
        "'unfinished_copy'"
    };
}
pub(super) use copy_marker;

/// The statements of one table.
pub(super) struct Statements {
    /// Up to 4096 rows after the key `$1`.
    pub page: String,
    insert: ManyRows,
    /// Counts rows: all of them, with those that migrations put there.
    pub count: String,
    /// 1 if anything was ever written to the table, except by migrations and by the opening of the store.
    pub is_used: String,
    /// Removes all rows except the marker.
    pub clear: String,
}

/// The statements, in the order of [`TABLES`].
pub(super) static STATEMENTS: LazyLock<[Statements; TABLES.len()]> =
    LazyLock::new(|| TABLES.each_ref().map(Statements::of));

impl Statements {
    fn of(table: &Table) -> Self {
        let (name, key) = (table.name, table.texts[0]);
        let columns = [table.texts, table.numbers].concat();
        let listed = columns.join(", ");
        let (used, cleared) = match name {
            "counters" => (
                concat!(" WHERE value <> 0 AND name NOT IN ('skeletons', 'purge', ", copy_marker!(), ")"),
                concat!(" WHERE name <> ", copy_marker!()),
            ),
            "store_id" => (" WHERE which <> 'this'", ""),
            _ => ("", ""),
        };
        // A statement may have a row twice. The last transaction of a copy counts the rows.
        let insert = format!("INSERT INTO {name} ({listed}) VALUES ");
        Self {
            page: format!("SELECT {listed} FROM {name} WHERE {key} > $1 ORDER BY {key} LIMIT 4096"),
            insert: ManyRows::new(&insert, columns.len(), " ON CONFLICT DO NOTHING"),
            count: format!("SELECT COUNT(*) FROM {name}"),
            is_used: format!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM {name}{used} LIMIT 1) AS first_row"),
            clear: format!("DELETE FROM {name}{cleared}"),
        }
    }

    /// Inserts one of the [`parts`](super::many_rows::parts) of some rows.
    pub(super) fn insert<'q, D>(&'static self, part: &[Row]) -> Query<'q, D, D::Arguments>
    where
        D: Database,
        Option<String>: Encode<'q, D> + Type<D>,
        Option<i64>: Encode<'q, D> + Type<D>,
    {
        let (insert, rows) = self.insert.of(part);
        rows.fold(sqlx::query(insert), |insert, row| {
            let insert = row.texts.iter().cloned().fold(insert, Query::bind);
            row.numbers.iter().copied().fold(insert, Query::bind)
        })
    }
}

/// A row of any table, in the order of its columns in [`TABLES`].
pub(super) struct Row {
    texts: Vec<Option<String>>,
    numbers: Vec<Option<i64>>,
}

impl Row {
    /// Reads a row that [`Statements::page`] has found.
    pub(super) fn of<R>(row: &R, table: &Table) -> Result<Self, sqlx::Error>
    where
        R: sqlx::Row,
        usize: ColumnIndex<R>,
        String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
        i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    {
        let texts = table.texts.len();
        Ok(Self {
            texts: (0..texts).map(|at| row.try_get(at)).collect::<Result<_, _>>()?,
            numbers: (0..table.numbers.len()).map(|at| row.try_get(texts + at)).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the primary key.
    pub(super) fn key(&self) -> &str {
        self.texts[0].as_deref().unwrap_or_default()
    }
}
