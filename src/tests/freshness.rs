//! A process that has not heard from the store within `REVOCATION_BOUND` cannot know which sessions have ended. It says so.

use std::time::Duration;

use crate::harness::TestApp;

const UNAVAILABLE: &str = "503 unavailable Temporarily unavailable";

#[tokio::test]
async fn protected_doors_answer_503_after_the_bound_and_judge_again_after_the_next_reading() {
    let mut app = TestApp::start_with(&[("REVOCATION_BOUND", "2s")]).await;
    app.add_user("ada").await;
    let (token, ended) = (app.tokens("ada").await, app.login("ada").await);
    assert_eq!(app.logout(&ended).await.status, 200);

    let client = app.client("reports").await;
    let cursor = app.revocations(&client, "", &[]).await.json()["cursor"].as_str().unwrap().to_owned();

    app.pass_unheard(Duration::from_secs(2));
    assert_eq!(app.protected(&token.access).await.status, 200);
    assert_eq!(app.get("/readyz").await.status, 200);

    app.pass_unheard(Duration::from_secs(1));
    assert_eq!(app.protected(&token.access).await.error(), UNAVAILABLE);
    assert_eq!(app.get_as("/api/greeting", &token.access).await.error(), UNAVAILABLE);
    assert_eq!(app.get("/readyz").await.error(), UNAVAILABLE);
    assert_eq!(
        app.as_client("POST", "/introspect", &client, &format!("token={}", token.access)).await.error(),
        UNAVAILABLE
    );
    // "No news" would be a promise.
    for prefer in ["wait=0", "wait=1"] {
        for query in [String::new(), format!("?after={cursor}")] {
            let answer = app.revocations(&client, &query, &[("prefer", prefer)]).await;
            assert_eq!(answer.error(), UNAVAILABLE, "{query} {prefer}");
        }
    }
    // What is known for certain is still said.
    assert_eq!(app.get("/healthz").await.status, 200);
    assert_eq!(app.protected("a.b.c").await.error(), "401 invalid_token Invalid token");
    assert_eq!(app.protected(&ended).await.error(), "401 token_revoked Token has been revoked");
    // And what asks the store itself is not affected.
    let next = app.refresh(&token.refresh).await.tokens();
    assert_eq!(app.protected(&next.access).await.error(), UNAVAILABLE);

    app.follow().await;
    assert_eq!(app.protected(&next.access).await.status, 200);
    assert_eq!(app.get("/readyz").await.status, 200);
    app.pass_unheard(Duration::from_secs(3));
    assert_eq!(app.logout(&next.access).await.status, 200);
    assert_eq!(app.protected(&next.access).await.error(), "401 token_revoked Token has been revoked");
}
