//! Full disks and failing disks: an acknowledged change is durable, a refused change changes nothing, protected doors
//! still work, and when the disk works again, so does the server, without a restart.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::databases::sqlite_folder;
use crate::process::{
    Serving, Tokens, add_ada, add_users, eventually, expect_intact, handstamp_under, log_file, signal, tracer_of,
};

/// The number of requests while the disk fails: sign-outs, ends of several sessions, or sessions that refresh.
const UNDER_THE_FAULT: usize = 12;
/// How often each of these sessions refreshes: one refresh writes little.
const REFRESHES: usize = 4;
/// Sessions of ada that still exist when the disk works again.
const FOR_LATER: usize = 8;
/// How many of them sign out then.
const LATER: usize = 5;

/// Which calls on the write-ahead log fail in each thread, and how.
const FAULTS: [&str; 6] = [
    "fsync,fdatasync:error=EIO:when=1+",
    "fsync,fdatasync:error=EIO:when=2+",
    "fsync,fdatasync:error=EIO:when=2+3",
    "pwrite64:error=EIO:when=3+7",
    "pwrite64:error=ENOSPC:when=1+",
    "pwrite64:error=ENOSPC:when=20+11",
];

#[tokio::test]
async fn a42_on_a_full_disk_only_durable_sign_outs_are_acknowledged_and_the_server_recovers() {
    sign_outs_are_kept_or_refused(Disk::Full { room: 80_000 }).await;
}

#[tokio::test]
async fn on_a_failing_disk_only_durable_sign_outs_are_acknowledged_and_the_server_recovers() {
    for fault in FAULTS {
        sign_outs_are_kept_or_refused(Disk::Failing(fault)).await;
    }
}

#[tokio::test]
async fn on_a_full_disk_all_other_sessions_end_or_none() {
    ends_of_several_are_kept_or_refused(Disk::Full { room: 80_000 }).await;
}

#[tokio::test]
async fn on_a_failing_disk_all_other_sessions_end_or_none() {
    for fault in FAULTS {
        ends_of_several_are_kept_or_refused(Disk::Failing(fault)).await;
    }
}

#[tokio::test]
async fn on_a_full_disk_no_refresh_token_is_lost() {
    rotations_are_kept_or_refused(Disk::Full { room: 40_000 }).await;
}

#[tokio::test]
async fn on_a_failing_disk_no_refresh_token_is_lost() {
    for fault in FAULTS {
        rotations_are_kept_or_refused(Disk::Failing(fault)).await;
    }
}

#[tokio::test]
async fn a_refresh_token_stays_valid_after_a_kill_during_a_disk_failure() {
    for fault in FAULTS {
        let (folder, sessions) = a_folder_with_sessions(&[("ada", UNDER_THE_FAULT)]).await;
        let disk = Disk::Failing(fault);
        let serving = disk.serve(folder.path());
        let rotated = rotate_under_the_fault(&serving, sessions).await;
        disk.expect_met(&rotated.told);
        serving.kill();

        rotated.expect_no_session_lost(folder.path()).await;
    }
}

#[tokio::test]
async fn after_a_kill_during_a_disk_failure_all_other_sessions_have_ended_or_none() {
    // Faults that leave a commit in the write-ahead log that was not acknowledged.
    for fault in &FAULTS[..3] {
        let (folder, endings, bystanders) = ends_of_several().await;
        let disk = Disk::Failing(fault);
        let serving = disk.serve(folder.path());
        let told = end_under_the_fault(&serving, &endings, &bystanders).await;
        disk.expect_met(&told);
        serving.kill();

        let serving = Serving::start_with(folder.path(), &[]);
        for (ending, acknowledged) in endings.iter().zip(&told) {
            let let_in = ending.lets_them_in(&serving).await;
            assert!(!(*acknowledged && let_in), "{told:?}");
        }
        for session in &bystanders {
            assert!(serving.lets_in(session).await, "{told:?}: no one ended this session");
        }
        expect_intact(folder.path()).await;
    }
}

/// How the disk fails.
#[derive(Clone, Copy, Debug)]
enum Disk {
    /// The write-ahead log has room for this many more bytes: one or two commits.
    Full { room: u64 },
    /// One of `FAULTS`.
    Failing(&'static str),
}

impl Disk {
    /// Starts a server with this fault.
    fn serve(self, folder: &Path) -> Serving {
        match self {
            Self::Full { room } => {
                let serving = Serving::start_with(folder, &[]);
                let size = fs::metadata(log_file(folder)).unwrap().len();
                limit_file_size(&serving, &format!("{}:", size + room));
                serving
            }
            Self::Failing(fault) => {
                let (log_file, inject) = (log_file(folder), format!("inject={fault}"));
                let log_file = log_file.to_str().unwrap();
                let strace = ["strace", "-D", "-I2", "-f", "-qq", "-o", "/dev/null", "-P", log_file, "-e", &inject];
                Serving::spawn(handstamp_under(&strace, folder, &[], &[])).unwrap()
            }
        }
    }

    /// Checks that the fault happened, and not for every request if the disk had room at first.
    fn expect_met(self, acknowledged: &[bool]) {
        assert!(acknowledged.contains(&false), "{self:?} was not met");
        assert!(matches!(self, Self::Failing(_)) || acknowledged.contains(&true), "{self:?} left no room");
    }

    /// Repairs the disk.
    async fn heal(self, serving: &Serving) {
        match self {
            Self::Full { .. } => limit_file_size(serving, "unlimited:"),
            Self::Failing(_) => {
                signal("-TERM", tracer_of(serving.pid()).unwrap());
                eventually("strace lets go", async || tracer_of(serving.pid()).is_none()).await;
            }
        }
    }
}

/// A request that ends sessions: its own or others.
struct Ending {
    door: &'static str,
    asking: Tokens,
    ends: Vec<Tokens>,
}

impl Ending {
    fn of(session: Tokens) -> Self {
        Self { door: "/logout", ends: vec![session.clone()], asking: session }
    }

    const fn of_others(asking: Tokens, others: Vec<Tokens>) -> Self {
        Self { door: "/sessions", asking, ends: others }
    }

    /// Returns whether it is acknowledged.
    async fn ask(&self, serving: &Serving) -> bool {
        let answer = serving.send("DELETE", self.door, &self.asking.access).await;
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        answer.status == 200
    }

    /// Returns whether the tokens of its sessions are accepted: all or none.
    async fn lets_them_in(&self, serving: &Serving) -> bool {
        let mut let_in = Vec::new();
        for session in &self.ends {
            let_in.push(serving.lets_in(session).await);
        }
        assert!(let_in.iter().all(|one| *one == let_in[0]), "only some have ended: {let_in:?}");
        let_in[0]
    }
}

async fn sign_outs_are_kept_or_refused(disk: Disk) {
    let (folder, mut sessions) = a_folder_with_sessions(&[("ada", UNDER_THE_FAULT + FOR_LATER)]).await;
    let bystanders = sessions.split_off(UNDER_THE_FAULT);
    let endings: Vec<_> = sessions.into_iter().map(Ending::of).collect();
    endings_are_kept_or_refused(disk, folder.path(), &endings, &bystanders).await;
}

async fn ends_of_several_are_kept_or_refused(disk: Disk) {
    let (folder, endings, bystanders) = ends_of_several().await;
    endings_are_kept_or_refused(disk, folder.path(), &endings, &bystanders).await;
}

/// Makes requests that each end all other sessions of a user, and sessions that no request ends.
async fn ends_of_several() -> (TempDir, Vec<Ending>, Vec<Tokens>) {
    // A user for each, because such a request ends all other sessions of its user.
    let names: Vec<_> = (1..=UNDER_THE_FAULT).map(|number| format!("user{number}")).collect();
    let several = names.iter().map(|name| (name.as_str(), 3));
    let users: Vec<_> = [("ada", FOR_LATER)].into_iter().chain(several).collect();
    let (folder, mut bystanders) = a_folder_with_sessions(&users).await;
    let of_users = bystanders.split_off(FOR_LATER);
    let endings: Vec<_> =
        of_users.chunks(3).map(|of_one| Ending::of_others(of_one[0].clone(), of_one[1..].to_vec())).collect();
    bystanders.extend(endings.iter().map(|ending| ending.asking.clone()));
    (folder, endings, bystanders)
}

async fn endings_are_kept_or_refused(disk: Disk, folder: &Path, endings: &[Ending], bystanders: &[Tokens]) {
    let serving = disk.serve(folder);
    let mut told = end_under_the_fault(&serving, endings, bystanders).await;
    disk.expect_met(&told);
    disk.heal(&serving).await;

    let again = told.iter().position(|acknowledged| !acknowledged).unwrap();
    eventually("the server gets over it", async || endings[again].ask(&serving).await).await;
    told[again] = true;
    let (later, living) = bystanders.split_at(LATER);
    for session in later {
        assert_eq!(serving.logout(session).await.status, 200);
        assert_eq!(serving.try_login().await.status, 200);
    }
    serving.kill();

    let serving = Serving::start_with(folder, &[]);
    let acknowledged = endings.iter().zip(&told).filter(|(_, told)| **told).flat_map(|(ending, _)| &ending.ends);
    for session in acknowledged.chain(later) {
        serving.expect_ended(session).await;
    }
    // The failed change must not be in the write-ahead log below later ones. The system forgets pages whose fsync
    // failed: a power failure would lose them, and everything after them.
    let failed = endings.iter().zip(&told).filter(|(_, told)| !**told).flat_map(|(ending, _)| &ending.ends);
    for session in failed.chain(living) {
        assert!(serving.lets_in(session).await, "{told:?}");
    }
    expect_intact(folder).await;
}

/// Returns which were acknowledged, one after the other. After each, the protected door is called for all.
async fn end_under_the_fault(serving: &Serving, endings: &[Ending], bystanders: &[Tokens]) -> Vec<bool> {
    let mut told = Vec::new();
    for ending in endings {
        told.push(ending.ask(serving).await);
        for (index, ending) in endings.iter().enumerate() {
            let let_in = ending.lets_them_in(serving).await;
            match told.get(index) {
                None => assert!(let_in, "{told:?}: no one ended number {index}"),
                Some(true) => assert!(!let_in, "{told:?}: number {index} was ended"),
                // A request without an answer may have either result.
                Some(false) => {}
            }
        }
        for session in bystanders {
            assert!(serving.lets_in(session).await, "{told:?}: no one ended this session");
        }
    }
    told
}

async fn rotations_are_kept_or_refused(disk: Disk) {
    let (folder, sessions) = a_folder_with_sessions(&[("ada", UNDER_THE_FAULT)]).await;
    let serving = disk.serve(folder.path());
    let mut rotated = rotate_under_the_fault(&serving, sessions).await;
    disk.expect_met(&rotated.told);
    disk.heal(&serving).await;

    // The others are checked again after the crash.
    for session in rotated.newest.iter_mut().step_by(2) {
        eventually("the same refresh token earns the next", async || rotate(&serving, session).await).await;
    }
    serving.kill();

    rotated.expect_no_session_lost(folder.path()).await;
}

/// The results of the refreshes while the disk failed.
struct Rotated {
    /// The newest tokens of each session.
    newest: Vec<Tokens>,
    /// Which refreshes were acknowledged.
    told: Vec<bool>,
}

/// Refreshes all sessions in turn, several times. No session ends because of that.
async fn rotate_under_the_fault(serving: &Serving, sessions: Vec<Tokens>) -> Rotated {
    let mut rotated = Rotated { newest: sessions.clone(), told: Vec::new() };
    for _ in 0..REFRESHES {
        for session in &mut rotated.newest {
            rotated.told.push(rotate(serving, session).await);
        }
        for session in &sessions {
            assert!(serving.lets_in(session).await, "{:?}", rotated.told);
        }
    }
    rotated
}

/// Takes the next tokens; `false` if the store could not write.
async fn rotate(serving: &Serving, session: &mut Tokens) -> bool {
    let answer = serving.refresh(session).await;
    assert!([200, 503].contains(&answer.status), "{answer:?}");
    let acknowledged = answer.status == 200;
    if acknowledged {
        *session = Tokens::of(&answer.json());
    }
    acknowledged
}

impl Rotated {
    /// Checks after a crash that each session can go on with its newest tokens.
    async fn expect_no_session_lost(self, folder: &Path) {
        let serving = Serving::start_with(folder, &[]);
        for mut session in self.newest {
            assert!(rotate(&serving, &mut session).await, "the disk is well");
            assert!(serving.lets_in(&session).await);
        }
        expect_intact(folder).await;
    }
}

/// Creates users with this number of sessions each, with a server that then stops in order.
async fn a_folder_with_sessions(users: &[(&str, usize)]) -> (TempDir, Vec<Tokens>) {
    let folder = sqlite_folder();
    add_ada(folder.path()).await;
    add_users(folder.path(), users.len() - 1).await;
    let serving = Serving::start_with(folder.path(), &[]);
    let mut sessions = Vec::new();
    for name in users.iter().flat_map(|(name, number)| std::iter::repeat_n(*name, *number)) {
        let session = serving.login_as(name).await;
        // The first use of a token is written too: do that here, and not while the disk fails.
        assert!(serving.lets_in(&session).await);
        sessions.push(session);
    }
    assert!(serving.stop().0.success());
    (folder, sessions)
}

/// Sets only the soft limit, which may be raised again.
fn limit_file_size(serving: &Serving, limit: &str) {
    let arguments = ["--pid", &serving.pid().to_string(), &format!("--fsize={limit}")];
    let status = Command::new("prlimit").args(arguments).status();
    assert!(status.expect("prlimit is missing; run: scripts/setup test").success());
}
