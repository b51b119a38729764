//! Checks everything that a start needs, and changes nothing. `handstamp doctor` prints the result; a server logs the
//! warnings.

use std::io;
use std::path::PathBuf;

use url::Url;

use crate::server::config::{AppEnv, Config, MailWay, is_loopback};
use crate::server::domain::checkup::{self, Finding};
use crate::server::domain::checkup_postgres;
use crate::server::domain::database::is_postgres;
use crate::server::domain::forwarded::TrustedProxies;
use crate::server::domain::kept_keys;
use crate::server::domain::readers;
use crate::server::domain::relying_party::RelyingParty;
use crate::server::domain::unix_time::UnixTime;
use crate::server::http::Limits;
use crate::server::machine;
use crate::server::private_files::PrivateFileError;
use crate::server::startup::{self, StartupError};
use crate::server::store::administrators::Administrators;
use crate::server::store::checkup::Tables;
use crate::server::store::checkup_postgres::{PostgresCheckup, Server, protection_of};
use crate::server::store::{Store, StoreError};
use crate::server::world::World;

/// Checks everything except the settings themselves. Slow: reads the whole database.
pub async fn examine(config: &Config, world: &World) -> Vec<Finding> {
    let mut findings = files(config);
    findings.push(secrets(config));
    findings.extend(encryption(config));
    let (store, newest) = database(config).await;
    findings.extend(store);
    findings.push(checkup::clock(world.now(), newest));
    findings.extend(surroundings(config));
    findings
}

/// The same for a running server. It skips what would have stopped the start.
pub async fn examine_running(config: &Config, store: &Store, world: &World) -> Vec<Finding> {
    let mut findings = files(config);
    findings.extend(encryption(config));
    // If it does not answer now, the log says so.
    findings.extend(postgres(config, store).await.unwrap_or_default());
    findings.push(checkup::clock(world.now(), store.newest_time().await.ok().flatten()));
    findings.extend(surroundings(config));
    findings
}

/// The connections to PostgreSQL.
fn encryption(config: &Config) -> Vec<Finding> {
    let database = &config.database;
    let mut settings = vec![("DATABASE_URL", &database.url)];
    if database.listen_url != database.url {
        settings.push(("DATABASE_LISTEN_URL", &database.listen_url));
    }
    let settings = settings.into_iter().filter(|(_, url)| is_postgres(url));
    let found =
        settings.filter_map(|(name, url)| Some(checkup_postgres::protection(name, protection_of(url, is_loopback)?)));
    found.collect()
}

/// What PostgreSQL says of itself.
async fn postgres(config: &Config, store: &Store) -> Result<Vec<Finding>, StoreError> {
    let Some(PostgresCheckup { poolers, server }) = store.examine_postgres(&config.database).await? else {
        return Ok(Vec::new());
    };
    let mut findings = vec![checkup_postgres::poolers(poolers)];
    match server {
        Some(Server { durability, standbys, connections }) => {
            findings.push(checkup_postgres::durability(&durability));
            findings.push(checkup_postgres::standbys(&standbys));
            // A pooler has connections of its own.
            if !poolers.queries {
                findings.push(checkup_postgres::connections(connections, config.database.max_connections));
            }
        }
        None => findings.push(checkup_postgres::another_engine()),
    }
    Ok(findings)
}

/// Files that other users must not reach. The start creates missing ones with the right mode.
fn files(config: &Config) -> Vec<Finding> {
    let database = config.sqlite_file();
    let beside = |suffix: &str| {
        let mut file = database.clone()?.into_os_string();
        file.push(suffix);
        Some(PathBuf::from(file))
    };
    let private = [database.clone(), beside("-wal"), beside("-shm"), beside("-servers")].into_iter().flatten();
    let private = private.filter_map(|file| Some(checkup::private_file(&file, machine::mode(&file)?)));
    let given = config.secret_files.iter();
    let given = given.filter_map(|file| Some(checkup::given_file(file, machine::mode(file)?)));
    let folder = database.is_some().then(|| config.data_dir());
    let folder = folder.and_then(|folder| Some(checkup::data_folder(&folder, machine::mode(&folder)?)));
    folder.into_iter().chain(private).chain(given).collect()
}

fn secrets(config: &Config) -> Finding {
    match startup::look_at_secrets(config) {
        Ok(true) => Finding::ok("secret", "the secret and the key can be used"),
        Ok(false) => Finding::ok("secret", "the first start makes one"),
        Err(error) => problem("secret", &error),
    }
}

/// Returns the problems of the database, and the newest time in it.
async fn database(config: &Config) -> (Vec<Finding>, Option<UnixTime>) {
    if config.sqlite_file().is_some_and(|file| !file.exists()) {
        let first = "the first start prints the link that creates the administrator";
        return (
            vec![Finding::ok("store", "the database is created at the first start"), Finding::ok("setup", first)],
            None,
        );
    }
    let store = match Store::open_as_it_is(config.database.clone()).await {
        Ok(store) => store,
        Err(error) => return (vec![problem("store", &error.into())], None),
    };
    let mut findings = Vec::new();
    let mut newest = None;
    let looked: Result<(), StartupError> = async {
        if let Some(damage) = store.find_damage().await? {
            let found = format!("the database is damaged: {}", damage.lines().next().unwrap_or_default());
            findings.push(Finding::problem("store", found, "restore a backup from before the damage"));
            return Ok(());
        }
        findings.extend(postgres(config, &store).await?);
        let tables = store.tables().await?;
        findings.push(match tables {
            Tables::Current if config.database.is_postgres() => {
                Finding::ok("store", "its tables are those of this version")
            }
            Tables::Current => Finding::ok("store", "its tables are those of this version, and are not damaged"),
            Tables::Older => Finding::ok("store", "the start updates its tables"),
            Tables::Newer => {
                Finding::problem("store", "a newer version has used the database", "run that version or a newer one")
            }
            Tables::Half => Finding::problem("store", "an update broke off", "restore a backup from before the update"),
        });
        if tables == Tables::Current && store.is_unfinished_copy().await? {
            let found = "it is the target of an unfinished copy";
            findings.push(Finding::problem("store", found, "repeat the command `handstamp store copy`"));
        } else if tables == Tables::Current {
            newest = store.newest_time().await?;
            let Administrators { all, disabled } = store.administrators().await?;
            findings.push(checkup::setup(all, disabled));
            let (_, keys) = store.list_signing_keys().await?;
            let kept = kept_keys::active(&keys).map(|key| key.algorithm);
            findings.extend(readers::finding(kept, config.jwt_algorithm));
            store.try_writing().await?;
        }
        Ok(())
    }
    .await;
    if let Err(error) = looked {
        findings.push(problem("store", &error));
    }
    store.close().await;
    (findings, newest)
}

fn surroundings(config: &Config) -> Vec<Finding> {
    let public = config.public_url.split_once("://").map_or("", |(_, host)| host);
    let folder = config.data_dir();
    let memory = machine::available_memory()
        .map(|available| checkup::memory(available, config.hash_concurrency, config.argon2_memory_kib));
    // PostgreSQL has its disk elsewhere.
    let disk = config.sqlite_file().and_then(|_| machine::free_bytes(&folder));
    let disk = disk.map(|free| checkup::disk(&folder, free));
    let origins = &config.cors_origins;
    let unencrypted =
        origins.iter().find(|origin| origin.strip_prefix("http://").is_some_and(|host| !is_loopback(host)));
    let cors = (!origins.is_empty()).then(|| checkup::cors(origins.iter().count(), unencrypted));
    let gate = &config.gate;
    let gets_cookie = |origin: &&str| {
        let address = gate.listed(origin);
        let sent = |url: &Url| gate.cookie_reaches(url) && (url.scheme() == "https" || !config.secure_cookies());
        address.as_ref().is_some_and(sent)
    };
    let outside = gate.origins.iter().find(|origin| !gets_cookie(origin));
    let has_cookie = gate.cookie_domain.is_some();
    let gate = (!gate.origins.is_empty() || has_cookie).then(|| {
        let has_proxies = config.trusted_proxies != TrustedProxies::default();
        checkup::gate(gate.origins.iter().count(), has_cookie, has_proxies, outside)
    });
    let unencrypted = config.mail.unencrypted_host.as_deref().filter(|host| !is_loopback(host));
    let is_on = matches!(config.mail.way, MailWay::Smtp(_));
    let mail = (is_on || config.app_env == AppEnv::Production).then(|| checkup::mail(is_on, unencrypted));
    let always = [
        checkup::address(config.site_addr.ip(), &config.public_url, is_loopback(public)),
        checkup::passkeys(config.relying_party.as_ref().map(RelyingParty::id)),
        checkup::open_files(machine::open_files(), Limits::default().connections),
    ];
    always.into_iter().chain(cors).chain(gate).chain(mail).chain(disk).chain(memory).collect()
}

/// The message with which a start fails: the problem, a semicolon, what to do.
fn problem(check: &'static str, error: &StartupError) -> Finding {
    let line = match error {
        // The start creates what is missing.
        StartupError::File(PrivateFileError::File { path, cause }) if cause.kind() == io::ErrorKind::NotFound => {
            format!("{path} is missing; check the path")
        }
        _ => error.to_string(),
    };
    let (found, fix) = line.rsplit_once("; ").unwrap_or((&line, "see the log"));
    Finding::problem(check, found, fix)
}
