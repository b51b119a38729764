//! The checks of `handstamp doctor` for PostgreSQL: what of an acknowledged sign-out can be lost, and whether this server gets
//! what it needs.

use super::checkup::Finding;
use super::sync_standbys::demanded;

/// How PostgreSQL makes commits durable, as its settings say for this role and database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    pub version: String,
    pub fsync: bool,
    pub full_page_writes: bool,
    pub synchronous_commit: String,
}

/// The standbys that stream from PostgreSQL, as far as the role may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standbys {
    /// `synchronous_standby_names`.
    pub setting: String,
    /// `synchronous_commit`.
    pub synchronous_commit: String,
    /// The role, as SQL writes it.
    pub role: String,
    /// Whether the role may see them all.
    pub role_sees_all: bool,
    pub streaming: i64,
    /// Those of which the role sees nothing but that they exist.
    pub hidden: i64,
    /// Those that count for a commit.
    pub counted: i64,
    /// How far the last one is behind, in milliseconds; `None` while nothing is written.
    pub lag: Option<i64>,
}

/// The connections that PostgreSQL has for this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// All that the role may have at the same time.
    pub available: i64,
    /// The servers that run on this database.
    pub servers: i64,
}

/// Which address leads to a pooler that gives each transaction another server process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poolers {
    pub queries: bool,
    pub listening: bool,
}

/// How a connection is protected: the last part of `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// To this machine: nothing leaves it.
    Local,
    /// `disable`, `allow`, `prefer`: unencrypted, or an attacker can make it so.
    Optional,
    /// `require`: encrypted, and any certificate is accepted.
    Unverified,
    /// `verify-ca`, `verify-full`.
    Verified,
}

/// Connections of a server besides `DATABASE_MAX_CONNECTIONS`: one listens, one announces it, one probes.
const OTHER_CONNECTIONS: i64 = 3;

/// Checks that a commit is on the disk when PostgreSQL acknowledges it.
#[must_use]
pub fn durability(found: &Durability) -> Finding {
    let commits = found.synchronous_commit != "off";
    let settings =
        [("fsync", found.fsync), ("synchronous_commit", commits), ("full_page_writes", found.full_page_writes)];
    let off: Vec<_> = settings.iter().filter(|(_, on)| !on).map(|(name, _)| *name).collect();
    let version = &found.version;
    if off.is_empty() {
        let well = format!("PostgreSQL {version} acknowledges a commit when it is on the disk");
        return Finding::ok("durability", well);
    }
    let verb = if off.len() == 1 { "is" } else { "are" };
    Finding::problem(
        "durability",
        format!(
            "{} {verb} off on PostgreSQL {version}: an acknowledged sign-out can be lost at a power failure",
            off.join(", ")
        ),
        format!("turn it on for PostgreSQL, the database and the role: {} = on", off.join(" = on, ")),
    )
}

/// Checks what a failover can lose.
#[must_use]
pub fn standbys(found: &Standbys) -> Finding {
    let Standbys { streaming, hidden, counted, .. } = *found;
    let waits = !matches!(found.synchronous_commit.as_str(), "off" | "local");
    let wanted = if waits { demanded(&found.setting) } else { 0 };
    if wanted == 0 {
        return without_demand(found);
    }
    if hidden > 0 || (counted < wanted && !found.role_sees_all) {
        let role = &found.role;
        return Finding::problem(
            "standbys",
            format!(
                "the role {role} may not see whether a standby has a commit, so sign-ins and sign-outs are answered with 503"
            ),
            format!("GRANT pg_read_all_stats TO {role}"),
        );
    }
    if counted < wanted {
        return Finding::problem(
            "standbys",
            format!(
                "PostgreSQL demands {wanted} for each commit, but {counted} stream: sign-ins and sign-outs are answered with 503"
            ),
            "start the standby, or take it out of synchronous_standby_names",
        );
    }
    Finding::ok("standbys", format!("{wanted} of {streaming} have each commit before it is acknowledged"))
}

fn without_demand(found: &Standbys) -> Finding {
    let number = found.streaming + found.hidden;
    if number == 0 {
        return Finding::ok("standbys", "none streams");
    }
    let lag = found.lag.map(|lag| format!(" (up to {lag} ms now)")).unwrap_or_default();
    let fix = if found.setting.trim().is_empty() {
        "set synchronous_standby_names on PostgreSQL, for example to '*'"
    } else {
        "set synchronous_commit to on for PostgreSQL, the database and the role"
    };
    Finding::warning(
        "standbys",
        format!(
            "{number} stream, but no commit waits for them: after a failover the sign-outs of the last moments{lag} can be missing, and those sessions live on until they expire"
        ),
        fix,
    )
}

/// Checks that there are enough connections for all servers on this database. `most`: `DATABASE_MAX_CONNECTIONS`.
#[must_use]
pub fn connections(found: Connections, most: u32) -> Finding {
    let each = i64::from(most) + OTHER_CONNECTIONS;
    let servers = found.servers.max(1);
    let wanted = each.saturating_mul(servers);
    let available = found.available;
    let text = format!(
        "PostgreSQL has {available} for this role; {servers} x {each} can be needed, for the servers that run now"
    );
    if wanted > available {
        let fix = "raise max_connections or the limit of the role or database on PostgreSQL, or lower DATABASE_MAX_CONNECTIONS";
        return Finding::warning("connections", text, fix);
    }
    Finding::ok("connections", text)
}

/// Checks that this server hears of the sign-outs of others at once.
#[must_use]
pub fn poolers(found: Poolers) -> Finding {
    if found.listening {
        return Finding::warning(
            "pooler",
            "no address leads to PostgreSQL itself, only to a pooler: sign-outs on other servers are noticed a quarter of a second later, and it is not checked that all servers have the same settings",
            "set DATABASE_LISTEN_URL to PostgreSQL itself",
        );
    }
    Finding::ok("pooler", if found.queries { "between for queries, not for news" } else { "none between" })
}

/// Checks that no one between can read or change what the database says. `setting`: the one with the address.
#[must_use]
pub fn protection(setting: &str, protection: Protection) -> Finding {
    let fix = format!("put sslmode=verify-full and sslrootcert=FILE into {setting}");
    match protection {
        Protection::Local => Finding::ok("encryption", format!("{setting} leads to this machine")),
        Protection::Verified => Finding::ok("encryption", format!("{setting} demands TLS and a valid certificate")),
        Protection::Optional => Finding::warning(
            "encryption",
            format!(
                "{setting} does not demand TLS: an attacker on the network can read and change the database's answers"
            ),
            fix,
        ),
        Protection::Unverified => Finding::warning(
            "encryption",
            format!(
                "{setting} demands TLS, but accepts any certificate: an attacker on the network can pose as the database"
            ),
            fix,
        ),
    }
}

/// Another engine speaks the protocol of PostgreSQL.
#[must_use]
pub fn another_engine() -> Finding {
    Finding::warning(
        "durability",
        "an engine other than PostgreSQL answers: when a commit is durable was not checked",
        "read in its documentation whether an acknowledged commit can be lost",
    )
}

#[cfg(test)]
mod tests {
    use super::super::checkup::Verdict::{self, Ok, Problem, Warning};
    use super::*;

    fn says(finding: &Finding, verdict: Verdict, words: &[&str]) {
        assert_eq!(finding.verdict, verdict, "{finding:?}");
        assert_eq!(finding.fix.is_empty(), verdict == Ok, "{finding:?}");
        let text = format!("{}; {}", finding.found, finding.fix);
        assert!(!text.contains('\n') && words.iter().all(|word| text.contains(word)), "{words:?}: {text}");
    }

    #[test]
    fn each_setting_that_can_lose_a_commit_is_a_problem() {
        let well = Durability {
            version: "15.18".into(),
            fsync: true,
            full_page_writes: true,
            synchronous_commit: "on".into(),
        };
        says(&durability(&well), Ok, &["15.18"]);
        for level in ["remote_apply", "remote_write", "local"] {
            says(&durability(&Durability { synchronous_commit: level.into(), ..well.clone() }), Ok, &[]);
        }
        let no_fsync = Durability { fsync: false, ..well.clone() };
        says(&durability(&no_fsync), Problem, &["fsync is off", "power failure", "fsync = on"]);
        let torn = Durability { full_page_writes: false, ..well };
        says(&durability(&torn), Problem, &["full_page_writes is off"]);
        let late = Durability { synchronous_commit: "off".into(), ..no_fsync };
        says(
            &durability(&late),
            Problem,
            &["fsync, synchronous_commit are off", "fsync = on, synchronous_commit = on"],
        );
    }

    #[test]
    fn what_a_failover_can_lose_is_said_for_every_kind_of_standby() {
        let none = Standbys {
            setting: String::new(),
            synchronous_commit: "on".into(),
            role: "handstamp".into(),
            role_sees_all: true,
            streaming: 0,
            hidden: 0,
            counted: 0,
            lag: None,
        };
        says(&standbys(&none), Ok, &["none"]);

        let undemanded = Standbys { streaming: 2, lag: Some(12), ..none.clone() };
        says(
            &standbys(&undemanded),
            Warning,
            &["2 stream", "up to 12 ms", "can be missing", "synchronous_standby_names"],
        );
        let hidden = Standbys { hidden: 1, role_sees_all: false, ..none.clone() };
        says(&standbys(&hidden), Warning, &["1 stream", "last moments can be missing"]);
        let local = Standbys { setting: "*".into(), synchronous_commit: "local".into(), counted: 1, ..undemanded };
        says(&standbys(&local), Warning, &["synchronous_commit to on"]);

        let demanded = Standbys { setting: "ANY 1 (a, b)".into(), streaming: 2, counted: 2, ..none };
        says(&standbys(&demanded), Ok, &["1 of 2"]);
        let two = Standbys { setting: "2 (a, b)".into(), counted: 1, streaming: 1, ..demanded.clone() };
        says(&standbys(&two), Problem, &["demands 2", "1 stream", "start the standby"]);
        let unseen = Standbys { hidden: 1, streaming: 0, counted: 0, role_sees_all: false, ..demanded.clone() };
        says(&standbys(&unseen), Problem, &["GRANT pg_read_all_stats TO handstamp"]);
        let away = Standbys { hidden: 0, ..unseen };
        says(&standbys(&away), Problem, &["GRANT pg_read_all_stats TO handstamp"]);
        let own = Standbys { role_sees_all: false, ..demanded };
        says(&standbys(&own), Ok, &[]);
    }

    #[test]
    fn connections_must_be_enough_for_all_servers_that_run() {
        for (available, servers, verdict) in [(97, 0, Ok), (19, 1, Ok), (18, 1, Warning), (38, 2, Ok), (37, 2, Warning)]
        {
            let found = Connections { available, servers };
            says(&connections(found, 16), verdict, &[&format!("has {available}"), "x 19"]);
        }
    }

    #[test]
    fn only_an_address_of_postgresql_itself_brings_news() {
        says(&poolers(Poolers { queries: false, listening: false }), Ok, &["none"]);
        says(&poolers(Poolers { queries: true, listening: false }), Ok, &["for queries"]);
        says(&poolers(Poolers { queries: true, listening: true }), Warning, &["DATABASE_LISTEN_URL"]);
    }

    #[test]
    fn a_connection_to_another_machine_must_be_encrypted_and_verified() {
        for (how, verdict) in [
            (Protection::Local, Ok),
            (Protection::Verified, Ok),
            (Protection::Optional, Warning),
            (Protection::Unverified, Warning),
        ] {
            says(&protection("DATABASE_URL", how), verdict, &["DATABASE_URL"]);
        }
    }
}
