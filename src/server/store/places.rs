//! Where a database is, for messages: an address can contain a password, which no message may show.

use sqlx::postgres::PgConnectOptions;

use crate::server::domain::database::is_postgres;

/// Returns the kind of the database and its file, or its name and host. `None` if this is no address of a database on disk
/// or on a server.
#[must_use]
pub fn name_of(url: &str) -> Option<String> {
    if let Some(file) = url.strip_prefix("sqlite:") {
        let (file, parameters) = file.split_once('?').unwrap_or((file, ""));
        let file = file.strip_prefix("//").unwrap_or(file);
        let in_memory = [":memory:", ""].contains(&file) || parameters.contains("mode=memory");
        return (!in_memory).then(|| format!("SQLite {file}"));
    }
    if !is_postgres(url) {
        return None;
    }
    let options: PgConnectOptions = url.parse().ok()?;
    let database = options.get_database().unwrap_or(options.get_username());
    let host = options.get_socket().map_or_else(|| options.get_host().into(), |socket| socket.to_string_lossy());
    Some(format!("PostgreSQL {database} at {host}:{}", options.get_port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_database_has_no_password() {
        for (url, name) in [
            ("sqlite:data/handstamp.db", Some("SQLite data/handstamp.db")),
            ("sqlite:///var/lib/handstamp.db?mode=rw", Some("SQLite /var/lib/handstamp.db")),
            ("sqlite::memory:", None),
            ("sqlite:x?mode=memory", None),
            ("sqlite:", None),
            ("postgres://ada:secret@db.example.org/accounts", Some("PostgreSQL accounts at db.example.org:5432")),
            ("postgresql://ada@localhost:5433?password=secret", Some("PostgreSQL ada at localhost:5433")),
            ("postgres://ada@localhost/x?host=/run/postgresql", Some("PostgreSQL x at /run/postgresql:5432")),
            ("postgres://ada:secret@db:port/accounts", None),
            ("mysql://ada:secret@db/accounts", None),
            ("data/handstamp.db", None),
        ] {
            assert_eq!(name_of(url).as_deref(), name, "{url}");
        }
    }
}
