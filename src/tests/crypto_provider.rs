//! jsonwebtoken's crypto provider is installed by us, explicitly: never left to the crate features that some dependency
//! may turn on.

use std::process::Command;

use handstamp::server::config::{Config, Settings};
use handstamp::server::domain::crypto;
use handstamp::server::startup;
use handstamp::server::world::World;
use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc};

use crate::harness::{SECRET, TestApp};

/// Tells the process that this spec starts from the one that runs all specs: a process has one provider for ever.
const ANOTHER_PROCESS: &str = "SPECS_WITH_ANOTHER_PROVIDER";

/// As if a dependency had installed its own: it signs like ours, so that nothing but the start can notice.
static FOREIGN: CryptoProvider = CryptoProvider {
    signer_factory: aws_lc::DEFAULT_PROVIDER.signer_factory,
    verifier_factory: aws_lc::DEFAULT_PROVIDER.verifier_factory,
    key_utils: KeyUtils::new_unimplemented(),
};

#[tokio::test]
async fn a_server_that_has_started_has_installed_our_provider_and_no_other_can_be() {
    let app = TestApp::start_with(&[("JWT_ALGORITHM", "ES256")]).await;
    let token = app.somebody("ada").await;
    assert_eq!(app.protected(&token).await.status, 200);
    assert_eq!(crypto::install(), Ok(()));
    assert!(FOREIGN.install_default().is_err());
}

#[tokio::test]
async fn neither_a_server_nor_a_command_starts_with_a_provider_that_somebody_else_chose() {
    const NAME: &str =
        "crypto_provider::neither_a_server_nor_a_command_starts_with_a_provider_that_somebody_else_chose";
    if !in_another_process() {
        let mut specs = Command::new(std::env::current_exe().unwrap());
        let output = specs.args(["--exact", NAME, "--nocapture"]).env(ANOTHER_PROCESS, "1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    FOREIGN.install_default().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = || {
        let database = format!("sqlite:{}", folder.path().join("handstamp.db").display());
        let settings = [("DATABASE_URL", database.as_str()), ("JWT_SECRET", SECRET)];
        Config::from_settings(&Settings::from_pairs(settings)).unwrap()
    };
    let server = startup::start(config(), World::system()).await.err().unwrap().to_string();
    let command = startup::open(config(), World::system()).await.err().unwrap().to_string();
    for refused in [server, command] {
        assert!(refused.starts_with("jsonwebtoken has another crypto provider than aws-lc-rs; "), "{refused}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[expect(clippy::disallowed_methods, reason = "not a setting of the server, but of its specs")]
fn in_another_process() -> bool {
    std::env::var(ANOTHER_PROCESS).is_ok()
}
