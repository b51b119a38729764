//! The checks of `handstamp doctor`: each takes numbers and texts from the machine and the store, and returns a finding
//! with what to do.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::unix_time::UnixTime;

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The subject of the check, in one or two words.
    pub check: &'static str,
    pub verdict: Verdict,
    pub found: String,
    /// What to do; empty if the verdict is `Ok`.
    pub fix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Ok,
    /// The server runs, but something is wrong.
    Warning,
    /// The server does not start, or will fail soon.
    Problem,
}

impl Verdict {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    #[must_use]
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), fix: String::new() }
    }

    #[must_use]
    pub fn warning(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, found: found.into(), fix: fix.into() }
    }

    #[must_use]
    pub fn problem(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Problem, found: found.into(), fix: fix.into() }
    }
}

/// How far the clock may be behind a time that it wrote itself: the largest step back that the server tolerates.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(262);
/// 2026-01-01: this program is newer than that.
const EARLIEST: UnixTime = UnixTime(1_767_225_600);
/// 2100-01-01.
const LATEST: UnixTime = UnixTime(4_102_444_800);
/// Bytes that should be free on the disk: enough for the write-ahead log of a busy day and its checkpoint.
const DISK_LOW: u64 = 256 << 20;
/// With fewer free bytes, a checkpoint may fail.
const DISK_FULL: u64 = 16 << 20;
/// Files that the process opens besides its connections.
const OTHER_FILES: u64 = 64;

/// Compares the clock with the newest time in the store.
#[must_use]
pub fn clock(now: UnixTime, newest: Option<UnixTime>) -> Finding {
    const FIX: &str = "set the clock, and turn on time synchronisation (timedatectl set-ntp true)";
    if !(EARLIEST..LATEST).contains(&now) {
        return Finding::problem("clock", "the clock is wrong by years: every token would be judged wrongly", FIX);
    }
    match newest {
        Some(newest) if newest > now.plus(CLOCK_TOLERANCE) => Finding::problem(
            "clock",
            format!(
                "the clock is {} s behind a time in the store: it was set back, or it was ahead before",
                newest.0 - now.0
            ),
            FIX,
        ),
        Some(_) => Finding::ok("clock", "it is not behind the times in the store"),
        None => Finding::ok("clock", "its year is plausible"),
    }
}

/// Checks that an administrator can manage users. `all`: the number of administrators; `disabled`: how many are disabled.
#[must_use]
pub fn setup(all: i64, disabled: i64) -> Finding {
    if all == 0 {
        let fix = "open the link that the server prints when it starts, or run: handstamp user promote NAME";
        return Finding::warning("setup", "there is no administrator; sign-up is closed until there is one", fix);
    }
    if all == disabled {
        let fix = "run: handstamp user enable NAME";
        return Finding::warning("setup", "every administrator is disabled", fix);
    }
    Finding::ok("setup", "there is an administrator")
}

/// A file that only its owner should reach. `mode` is its permission bits.
#[must_use]
pub fn private_file(path: &Path, mode: u32) -> Finding {
    let path = path.display();
    if mode & 0o077 != 0 {
        let found = format!("other users can reach {path} (mode {mode:o})");
        return Finding::warning("files", found, format!("chmod 600 {path}"));
    }
    Finding::ok("files", format!("only its owner can reach {path}"))
}

/// A file with secrets from the operator. Its group may read it, for a service whose settings belong to root. The start
/// refuses a key file that other users can read (`startup.rs`); it allows the group too.
#[must_use]
pub fn given_file(path: &Path, mode: u32) -> Finding {
    let path = path.display();
    if mode & 0o027 != 0 {
        let found = format!("other users can reach {path} (mode {mode:o})");
        // Not 600, which would lock out such a service. Not 640, which may allow more than before.
        return Finding::warning("files", found, format!("chmod g-w,o= {path}"));
    }
    Finding::ok("files", format!("only its owner and its group can reach {path}"))
}

/// The folder of the database: anyone who may write there can replace the database.
#[must_use]
pub fn data_folder(path: &Path, mode: u32) -> Finding {
    let path = path.display();
    if mode & 0o022 != 0 {
        let found = format!("other users can put files into {path} (mode {mode:o})");
        return Finding::warning("files", found, format!("chmod go-w {path}"));
    }
    Finding::ok("files", format!("only its owner can put files into {path}"))
}

/// The address that the server listens on, and its public URL.
#[must_use]
pub fn address(listens: IpAddr, public_url: &str, public_is_local: bool) -> Finding {
    let encrypted = public_url.starts_with("https://");
    if public_url.contains("//0.0.0.0") || public_url.contains("//[::]") {
        return Finding::problem(
            "address",
            format!("PUBLIC_URL is {public_url}, an address that no browser can open"),
            "set PUBLIC_URL to the address that users type",
        );
    }
    match (listens.is_loopback(), encrypted, public_is_local) {
        (false, false, false) => Finding::warning(
            "address",
            format!("PUBLIC_URL is {public_url}: passwords and tokens travel unencrypted"),
            "put a proxy with TLS in front, and set PUBLIC_URL to its https address",
        ),
        (false, false, true) => Finding::warning(
            "address",
            format!("the server listens on {listens}, but PUBLIC_URL is local: {public_url}"),
            "listen on 127.0.0.1, or set PUBLIC_URL to the address that users type",
        ),
        (false, true, _) => Finding::warning(
            "address",
            format!("the server listens on {listens}: clients can reach it there without the proxy and its TLS"),
            "let only the proxy reach this port, or listen on 127.0.0.1 beside the proxy",
        ),
        (true, false, false) => Finding::warning(
            "address",
            format!("PUBLIC_URL is {public_url}: passwords and tokens travel unencrypted to the proxy"),
            "give the proxy a certificate, and set PUBLIC_URL to its https address",
        ),
        (true, ..) => Finding::ok("address", format!("the server listens on {listens} for {public_url}")),
    }
}

/// Checks the free bytes on the disk of the database.
#[must_use]
pub fn disk(folder: &Path, free: u64) -> Finding {
    let found = format!("{} MiB are free for {}", free >> 20, folder.display());
    let fix = "free some space: on a full disk no user can sign in or out";
    match free {
        ..DISK_FULL => Finding::problem("disk", found, fix),
        DISK_FULL..DISK_LOW => Finding::warning("disk", found, fix),
        _ => Finding::ok("disk", found),
    }
}

/// Checks how many files the process may open; each connection is one. `None`: no limit.
#[must_use]
pub fn open_files(limit: Option<u64>, connections: usize) -> Finding {
    let wanted = OTHER_FILES.saturating_add(u64::try_from(connections).unwrap_or(u64::MAX));
    match limit {
        Some(limit) if limit < wanted => Finding::warning(
            "open files",
            format!("at most {limit} files can be open, but the server accepts {connections} connections"),
            format!("ulimit -Hn {wanted}, or LimitNOFILE={wanted} in the systemd unit"),
        ),
        _ => Finding::ok("open files", format!("enough files can be open for {connections} connections")),
    }
}

/// The origins whose pages may call the machine doors. `unencrypted` is one of them that comes over a network without TLS.
#[must_use]
pub fn cors(origins: usize, unencrypted: Option<&str>) -> Finding {
    match unencrypted {
        Some(origin) => Finding::warning(
            "cors",
            format!("CORS_ORIGINS has {origin}: an attacker on the network can change its pages and read tokens there"),
            "serve these pages over https, or take them out of CORS_ORIGINS",
        ),
        None => Finding::ok("cors", format!("pages of {origins} other origins may call the machine doors")),
    }
}

/// Mail, of a server in production. `is_on`: it has a mail server. `unencrypted`: the host that gets mails without TLS.
#[must_use]
pub fn mail(is_on: bool, unencrypted: Option<&str>) -> Finding {
    match (is_on, unencrypted) {
        (false, _) => Finding::ok("mail", "SMTP_URL is not set: no mail is sent, and nobody can reset a password"),
        (true, None) => Finding::ok("mail", "SMTP_URL is set"),
        (true, Some(host)) => Finding::warning(
            "mail",
            format!("mails to {host} travel without TLS, and links with which to reset a password are in them"),
            "use smtps:// in SMTP_URL, or add ?tls=required",
        ),
    }
}

/// The passkeys. `domain`: theirs; `None` if browsers make none for this server.
#[must_use]
pub fn passkeys(domain: Option<&str>) -> Finding {
    match domain {
        Some(domain) => Finding::ok("passkeys", format!("passkeys are of the domain {domain}")),
        None => Finding::warning(
            "passkeys",
            "the host of PUBLIC_URL is an address: browsers make no passkeys for it",
            "give the server a name, and set PUBLIC_URL to it",
        ),
    }
}

/// The settings of the gate, which must agree: `applications` origins, and `outside` is one of them that does not get the
/// cookie.
#[must_use]
pub fn gate(applications: usize, has_cookie: bool, has_proxies: bool, outside: Option<&str>) -> Finding {
    let warning = |found: String, fix| Finding::warning("gate", found, fix);
    match (applications, has_cookie, outside) {
        (0, ..) => warning(
            "GATE_COOKIE_DOMAIN is set, but GATE_ORIGINS lists no application".to_owned(),
            "list the origins of your applications in GATE_ORIGINS, or remove GATE_COOKIE_DOMAIN",
        ),
        (_, false, _) => warning(
            "GATE_ORIGINS is set, but GATE_COOKIE_DOMAIN is not: no browser gets into these applications".to_owned(),
            "set GATE_COOKIE_DOMAIN to the domain that PUBLIC_URL and GATE_ORIGINS have in common",
        ),
        (_, true, Some(origin)) => warning(
            format!("GATE_ORIGINS has {origin}, which does not get the cookie of GATE_COOKIE_DOMAIN"),
            "give the application a host in that domain, with https if PUBLIC_URL has it, or take it out of GATE_ORIGINS",
        ),
        (_, true, None) if !has_proxies => warning(
            "GATE_ORIGINS is set, but TRUSTED_PROXIES is empty: no proxy can say what a browser wants to open"
                .to_owned(),
            "set TRUSTED_PROXIES to the addresses from which your proxies ask /forward-auth",
        ),
        (applications, ..) => {
            Finding::ok("gate", format!("applications of {applications} origins are behind /forward-auth"))
        }
    }
}

/// Compares the memory that all password hashes need at the same time with the available memory, in bytes.
#[must_use]
pub fn memory(available: u64, hashes: usize, memory_kib: u32) -> Finding {
    let wanted = u64::from(memory_kib).saturating_mul(1024).saturating_mul(u64::try_from(hashes).unwrap_or(u64::MAX));
    let found =
        format!("{hashes} passwords at the same time take {} MiB; {} MiB are available", wanted >> 20, available >> 20);
    let fix = "lower HASH_CONCURRENCY, or give the server more memory";
    if wanted > available {
        Finding::problem("memory", found, fix)
    } else if wanted > available / 2 {
        Finding::warning("memory", found, fix)
    } else {
        Finding::ok("memory", found)
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Ok, Problem, Warning};
    use super::*;

    const NOW: UnixTime = UnixTime(1_795_338_720);

    fn says(finding: &Finding, verdict: Verdict) {
        assert_eq!(finding.verdict, verdict, "{finding:?}");
        assert_eq!(finding.fix.is_empty(), verdict == Ok, "{finding:?}");
        assert!(!finding.found.is_empty() && !finding.found.contains('\n'), "{finding:?}");
    }

    #[test]
    fn a_clock_that_went_back_or_is_years_off_is_a_problem() {
        for (now, newest, verdict) in [
            (NOW, None, Ok),
            (NOW, Some(UnixTime(NOW.0 - 1_000_000)), Ok),
            (NOW, Some(UnixTime(NOW.0 + 262)), Ok),
            (NOW, Some(UnixTime(NOW.0 + 263)), Problem),
            (UnixTime(0), None, Problem),
            (UnixTime(-5), None, Problem),
            (UnixTime(4_102_444_800), None, Problem),
        ] {
            says(&clock(now, newest), verdict);
        }
    }

    #[test]
    fn files_that_others_can_reach_come_with_the_command_that_fixes_it() {
        let (file, folder) = (Path::new("data/handstamp.db"), Path::new("data"));
        for (mode, verdict) in [(0o600, Ok), (0o400, Ok), (0o640, Warning), (0o604, Warning), (0o601, Warning)] {
            says(&private_file(file, mode), verdict);
        }
        for (mode, verdict) in [
            (0o600, Ok),
            (0o640, Ok),
            (0o440, Ok),
            (0o660, Warning),
            (0o644, Warning),
            (0o604, Warning),
            (0o642, Warning),
            (0o641, Warning),
        ] {
            says(&given_file(file, mode), verdict);
        }
        for (mode, verdict) in [(0o700, Ok), (0o755, Ok), (0o775, Warning), (0o702, Warning)] {
            says(&data_folder(folder, mode), verdict);
        }
        assert_eq!(private_file(file, 0o644).fix, "chmod 600 data/handstamp.db");
        assert_eq!(given_file(Path::new("/etc/handstamp/.env"), 0o644).fix, "chmod g-w,o= /etc/handstamp/.env");
        assert_eq!(data_folder(folder, 0o777).fix, "chmod go-w data");
    }

    #[test]
    fn an_address_without_tls_that_others_reach_is_warned_of() {
        for (listens, url, local, verdict) in [
            ("127.0.0.1", "http://127.0.0.1:3000", true, Ok),
            ("::1", "https://id.example.org", false, Ok),
            ("127.0.0.1", "http://id.example.org", false, Warning),
            ("0.0.0.0", "http://id.example.org", false, Warning),
            ("0.0.0.0", "https://id.example.org", false, Warning),
            ("192.0.2.1", "http://localhost:3000", true, Warning),
            ("0.0.0.0", "http://0.0.0.0:3000", false, Problem),
            ("::", "http://[::]:3000", false, Problem),
        ] {
            says(&address(listens.parse().unwrap(), url, local), verdict);
        }
    }

    #[test]
    fn a_page_that_comes_without_tls_is_warned_of() {
        says(&cors(2, None), Ok);
        says(&cors(2, Some("http://app.example.org")), Warning);
    }

    #[test]
    fn too_little_of_anything_is_said_before_it_runs_out() {
        let folder = Path::new("data");
        for (free, verdict) in [(0, Problem), ((16 << 20) - 1, Problem), (16 << 20, Warning), (256 << 20, Ok)] {
            says(&disk(folder, free), verdict);
        }
        for (limit, verdict) in [(Some(1024), Warning), (Some(12_063), Warning), (Some(12_064), Ok), (None, Ok)] {
            says(&open_files(limit, 12_000), verdict);
        }
        for (available, verdict) in [((38 << 20) - 1, Problem), (38 << 20, Warning), (76 << 20, Ok)] {
            says(&memory(available, 2, 19456), verdict);
        }
    }
}
