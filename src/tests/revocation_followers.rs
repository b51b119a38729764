//! Services that follow the blocklist by a cursor for a while: they know all that a new snapshot says, each entry once.

use std::collections::BTreeSet;

use futures::future::join_all;
use handstamp::server::flows::{self, Actor, Target};

use crate::commands::run_with;
use crate::harness::{Answer, Client, TestApp, send_to};
use crate::process::{Serving, add_ada, eventually, text};
use crate::revocation_feed::{basic, cursor, ids, sid};

/// A service that follows the blocklist of a server.
struct Service {
    basic: String,
    cursor: String,
    /// What it got, in order.
    told: Vec<String>,
}

impl Service {
    /// Begins with a snapshot.
    async fn begin(origin: &str, client: &Client) -> Self {
        let mut service = Self { basic: basic(client), cursor: String::new(), told: Vec::new() };
        service.take(&send_to(origin, "GET", "/revocations", &[("authorization", &service.basic)], None).await);
        service
    }

    /// Asks once for what came since.
    async fn follow(&mut self, origin: &str) -> &mut Self {
        let path = format!("/revocations?after={}", self.cursor);
        self.take(&send_to(origin, "GET", &path, &[("authorization", &self.basic)], None).await);
        self
    }

    fn take(&mut self, answer: &Answer) {
        assert_eq!(answer.status, 200, "{answer:?}");
        self.cursor = cursor(answer);
        self.told.extend(ids(answer));
    }

    fn knows(&self) -> BTreeSet<&str> {
        self.told.iter().map(String::as_str).collect()
    }
}

#[tokio::test]
async fn a_service_that_follows_knows_at_the_end_what_a_new_snapshot_says_also_across_restarts() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    app.add_user("ada").await;
    app.logout(&app.login("ada").await).await;
    app.follow().await;
    let mut service = Service::begin(&app.origin, &client).await;
    let mut asleep = Service::begin(&app.origin, &client).await;
    for round in 0..3 {
        // One token, one session, all sessions at once, and rows of another process.
        app.post_form("/revoke", &format!("token={}", app.login("ada").await)).await;
        app.logout(&app.login("ada").await).await;
        app.follow().await;
        service.follow(&app.origin).await;
        let _both = [app.login("ada").await, app.login("ada").await];
        flows::end_all_sessions(&app.state, Target::Name("ada"), &Actor::Operator).await.unwrap();
        app.add_rows(9_000).await;
        app.follow().await;
        if round != 1 {
            service.follow(&app.origin).await;
        }
        app = app.restart().await;
        service.follow(&app.origin).await;
    }
    asleep.follow(&app.origin).await;
    let fresh = Service::begin(&app.origin, &client).await;
    assert_eq!(fresh.told.len(), 27_000 + 1 + 3 * 5);
    assert_eq!(service.knows(), fresh.knows());
    assert_eq!(asleep.told, service.told, "each entry once, in the same order");
    assert_eq!(service.told.len(), fresh.told.len());
}

#[tokio::test]
async fn a_sign_out_here_does_not_hide_one_elsewhere_that_was_not_read_yet() {
    let mut app = TestApp::start().await;
    let client = app.client("billing").await;
    let (first, second) = (app.somebody("ada").await, app.login("ada").await);
    let mut service = Service::begin(&app.origin, &client).await;
    let (elsewhere, _) = app.another_process().await;
    assert!(flows::end_any_session(&elsewhere, &sid(&first)).await.unwrap());
    app.logout(&second).await;
    assert_eq!(service.follow(&app.origin).await.told, Vec::<String>::new(), "the table was not read");
    app.follow().await;
    assert_eq!(service.follow(&app.origin).await.told, [sid(&first), sid(&second)]);
}

#[tokio::test]
async fn sign_outs_through_two_processes_appear_once_in_the_feed_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    add_ada(folder).await;
    let secret = text(&run_with(folder, &["client", "add", "billing"], &[], "").stdout).trim().to_owned();
    let client = Client { name: "billing".into(), secret };
    let behind_a_proxy = [("TRUSTED_PROXIES", "127.0.0.1")];
    let servers = [Serving::start_with(folder, &behind_a_proxy), Serving::start_with(folder, &behind_a_proxy)];
    let [mut here, mut there] =
        [Service::begin(&servers[0].origin, &client).await, Service::begin(&servers[1].origin, &client).await];
    // Its requests come to the one and the other in turn, as a load balancer sends them.
    let mut moving = Service::begin(&servers[1].origin, &client).await;
    let ended = join_all((0..16).map(async |number| {
        // Each from its own address: so many at once from one address would be slowed.
        let tokens = servers[number % 2].login_from(&format!("192.0.2.{number}")).await;
        assert_eq!(servers[(number / 2) % 2].logout(&tokens).await.status, 200);
        sid(&tokens.access)
    }));
    let ended = ended.await.into_iter().collect::<BTreeSet<_>>();
    for (service, order) in [(&mut here, [0, 0]), (&mut there, [1, 1]), (&mut moving, [0, 1])] {
        let mut turn = 0;
        eventually("the service knows all", async || {
            turn += 1;
            service.follow(&servers[order[turn % 2]].origin).await.told.len() >= ended.len()
        })
        .await;
        assert_eq!(service.told.len(), ended.len(), "each once");
        assert!(service.knows().into_iter().eq(ended.iter().map(String::as_str)));
    }
}
