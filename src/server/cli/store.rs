//! `handstamp store copy`: copies a store to another database, while no server runs on it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;

use super::output::{print_line, print_note};
use super::shared::Failure;
use crate::server::config::{data_dir, sqlite_file};
use crate::server::domain::database::Database;
use crate::server::presence::{self, Presence, PresenceError};
use crate::server::startup::{KEPT_SECRET, make_private_place};
use crate::server::store::copy::{Copied, CopyError};
use crate::server::store::places::name_of;
use crate::server::store::{Store, StoreError};

pub const EXAMPLE: &str =
    "Example: handstamp store copy --from sqlite:data/handstamp.db --to postgres://handstamp@localhost/handstamp";

/// A copy of fewer rows prints no progress: it takes less than a second.
const FEW_ROWS: u64 = 10_000;
/// How long reading the source, or a transaction in the target, may take on PostgreSQL.
const LONGEST_STEP: Duration = Duration::from_hours(24);

#[derive(Subcommand)]
pub enum StoreCommand {
    /// Copy everything into an empty database, while all servers are stopped. If it fails, run it again
    Copy {
        #[arg(long, value_name = "URL", help = "The database to copy, like sqlite:data/handstamp.db")]
        from: String,
        #[arg(long, value_name = "URL", help = "An empty database, like postgres://handstamp@localhost/handstamp")]
        to: String,
    },
}

pub async fn run(command: StoreCommand) -> Result<(), Failure> {
    let StoreCommand::Copy { from, to } = command;
    let (source, target) = (Place::parse("--from", from)?, Place::parse("--to", to)?);
    if source.is(&target) {
        return Err("--from and --to are the same database; give the copy another one".into());
    }
    if let Some(file) = source.file.as_ref().filter(|file| !file.exists()) {
        return Err(format!("--from: there is no file {}; check the path", file.display()).into());
    }
    let _no_server_on_the_source = source.keep_servers_away().await?;
    let store = source.open_as_it_is().await?;
    store.check_source().await.map_err(|error| source.failed(&error))?;

    if target.file.is_some() {
        make_private_place(&target.database.url)?;
    }
    let _no_server_on_the_target = target.keep_servers_away().await?;
    let before = target.open_as_it_is().await?;
    before.check_target().await.map_err(|error| target.failed(&error))?;
    before.close().await;
    let copy = Store::open(target.database.clone()).await.map_err(|error| target.cannot_open(&error))?;

    let mut shown = 0;
    let copied = store.copy_to(&copy, |done, total| {
        if total >= FEW_ROWS && (done - shown) * 20 >= total {
            shown = done;
            print_note(format_args!("Copied {done} of {total} rows"));
        }
    });
    let copied = copied.await.map_err(|error| match &error {
        CopyError::OtherTables | CopyError::UnfinishedSource | CopyError::SourceChanged => source.failed(&error),
        CopyError::NotEmpty(_) | CopyError::Overtaken | CopyError::TargetChanged(_) => target.failed(&error),
        CopyError::Store(_) => format!("{error}; repeat the command: it begins again").into(),
    })?;
    store.close().await;
    copy.close().await;
    report(&copied, &source, &target)
}

/// A database that an option names.
struct Place {
    option: &'static str,
    database: Database,
    /// Without a password.
    name: String,
    /// Of SQLite.
    file: Option<PathBuf>,
}

impl Place {
    fn parse(option: &'static str, url: String) -> Result<Self, Failure> {
        // The address may contain a password: the message does not repeat it.
        let name = name_of(&url).ok_or_else(|| {
            format!(
                "{option} is not the address of a database; use sqlite:path/to/file.db or postgres://user@host/name"
            )
        })?;
        let database = Database { timeout: LONGEST_STEP, ..Database::from(&url) };
        Ok(Self { option, file: sqlite_file(&url), database, name })
    }

    fn is(&self, other: &Self) -> bool {
        self.name == other.name || self.identity().is_some_and(|this| other.identity() == Some(this))
    }

    /// Returns which file it is, under any name.
    fn identity(&self) -> Option<(u64, u64)> {
        let metadata = self.file.as_ref()?.metadata().ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    async fn keep_servers_away(&self) -> Result<Presence, Failure> {
        let announced = if self.database.is_postgres() {
            presence::announce_copy_on(&self.database).await
        } else {
            presence::announce_copy(self.file.as_deref())
        };
        announced.map_err(|error| match &error {
            PresenceError::Store(cause) => self.cannot_open(cause),
            _ => self.failed(&error),
        })
    }

    async fn open_as_it_is(&self) -> Result<Store, Failure> {
        Store::open_as_it_is(self.database.clone()).await.map_err(|error| self.cannot_open(&error))
    }

    fn failed(&self, error: &dyn std::error::Error) -> Failure {
        format!("{} ({}): {error}", self.option, self.name).into()
    }

    fn cannot_open(&self, error: &StoreError) -> Failure {
        let fix = match error {
            StoreError::Migrate(_) => {
                "a newer version may have used it: run that version, or give the copy an empty database"
            }
            _ if error.is_locked() => "another process has locked it: stop that process, or wait until it has finished",
            _ => "check the address, and that the database exists and this user may use it",
        };
        format!("{} ({}) cannot be opened: {error}; {fix}", self.option, self.name).into()
    }
}

fn report(copied: &Copied, source: &Place, target: &Place) -> Result<(), Failure> {
    let total: u64 = copied.iter().map(|(_, rows)| rows).sum();
    let tables: Vec<_> = copied.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
    print_line(format_args!("Copied {total} rows from {} to {}: {}", source.name, target.name, tables.join(", ")))?;
    print_note(secret_note(&data_dir(&source.database.url), source.file.is_some(), target));
    print_note("From now on use only the copy: it does not know what ends in the source");
    Ok(())
}

/// Says where the secret is. It is in no table, and refresh tokens and encrypted keys need it.
fn secret_note(kept: &Path, beside: bool, target: &Place) -> String {
    const ELSE: &str = "; with another secret, all users are signed out";
    let kept = kept.join(KEPT_SECRET);
    if !(beside && kept.exists()) {
        return format!("Set JWT_SECRET of the servers on the copy to the secret of the servers before{ELSE}");
    }
    let kept_name = kept.display();
    if target.file.is_none() {
        return format!(
            "The secret is not in the database, but in {kept_name}. Set JWT_SECRET of the servers on the copy to the content \
             of this file, or keep JWT_SECRET if it was set before{ELSE}"
        );
    }
    let wanted = data_dir(&target.database.url).join(KEPT_SECRET);
    if wanted.canonicalize().is_ok_and(|wanted| kept.canonicalize().is_ok_and(|kept| kept == wanted)) {
        return format!("The secret is not in the database, but in {kept_name}, where servers on the copy find it");
    }
    format!(
        "The secret is not in the database, but in {kept_name}. Copy this file to {} before a server starts there, or keep \
         JWT_SECRET if it was set before{ELSE}",
        wanted.display()
    )
}
