//! The second step of a sign-in, by pages: with the program, and by forms that the browser posts itself.

use crate::authenticator_app::Enrolled;
use crate::harness::{Answer, PASSWORD, TestApp};

async fn enrolled() -> (TestApp, Enrolled, String) {
    let app = TestApp::start().await;
    let user = app.enrolled("ada").await;
    (app, user, format!("username=ada&password={PASSWORD}&remember=on"))
}

/// What the browser sends back, from `Set-Cookie`.
fn cookies(answer: &Answer) -> String {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs = set.filter_map(|(_, value)| value.split(';').next().map(str::to_owned));
    pairs.collect::<Vec<_>>().join("; ")
}

/// A form that the browser posts itself.
async fn post(app: &TestApp, function: &str, cookie: &str, body: &str) -> Answer {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", cookie),
    ];
    app.send("POST", &format!("/api/{function}"), &headers, Some(body)).await
}

#[tokio::test]
async fn a_page_gets_the_challenge_in_a_cookie_that_no_script_reads() {
    let (app, user, login) = enrolled().await;
    let asked = app.call("login", None, &login).await;
    assert_eq!(asked.error(), "401 second_factor_required Second factor required");
    let set = asked.header("set-cookie").unwrap();
    assert!(
        set.starts_with("handstamp_challenge=") && set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    assert!(set.ends_with("Max-Age=300"), "{set}");

    let code = format!("totp={}", user.authenticator.code(app.time()));
    let without = app.call("second-factor", None, &code).await;
    assert_eq!(without.error(), "401 challenge_expired Challenge is not valid; sign in again");
    let signed_in = app.call_with_cookie("second-factor", None, &cookies(&asked), &code).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    assert_eq!(signed_in.json().as_object().unwrap().len(), 3);
    let kept = signed_in.headers.iter().find(|(_, value)| value.starts_with("handstamp_refresh=")).unwrap();
    // "Keep me signed in" came with the password.
    assert!(kept.1.ends_with("Max-Age=1209600"), "{kept:?}");
}

#[tokio::test]
async fn without_the_program_two_forms_sign_in_and_lead_where_the_visitor_wanted_to_go() {
    let (app, user, login) = enrolled().await;
    let asked = post(&app, "login", "", &format!("{login}&next=/sessions?x%3D1")).await;
    assert_eq!((asked.status, asked.header("location")), (303, Some("/login/second-factor?next=%2Fsessions%3Fx%3D1")));
    let cookie = cookies(&asked);
    let page = app.send("GET", asked.header("location").unwrap(), &[("cookie", &cookie)], None).await;
    assert!(page.body.contains(r#"action="/api/second-factor""#) && page.body.contains(r#"value="/sessions?x=1""#));

    for wrong in ["totp=000000&recovery_code=", "totp=&recovery_code="] {
        let refused = post(&app, "second-factor", &cookie, &format!("{wrong}&next=/sessions?x%3D1")).await;
        let back = "/login/second-factor?next=%2Fsessions%3Fx%3D1&error=bad_second_factor";
        assert_eq!((refused.status, refused.header("location")), (303, Some(back)), "{wrong}");
    }
    let code = user.authenticator.code(app.time());
    let form = format!("totp={code}&recovery_code=&next=/sessions?x%3D1");
    let signed_in = post(&app, "second-factor", &cookie, &form).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, Some("/sessions?x=1")));
    assert!(cookies(&signed_in).contains("handstamp_refresh="));
    let again = post(&app, "second-factor", &cookie, &form).await;
    let gone = "/login/second-factor?next=%2Fsessions%3Fx%3D1&error=challenge_expired";
    assert_eq!((again.status, again.header("location")), (303, Some(gone)));
}

#[tokio::test]
async fn the_page_asks_for_what_the_account_has_and_says_if_there_is_nothing_to_answer() {
    let (app, user, login) = enrolled().await;
    let cookie = cookies(&app.call("login", None, &login).await);
    let page = app.send("GET", "/login/second-factor", &[("cookie", &cookie)], None).await.body;
    for part in
        [r#"name="totp""#, r#"inputmode="numeric""#, r#"autocomplete="one-time-code""#, r#"name="recovery_code""#]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    app.call_with_cookie("second-factor", None, &cookie, &format!("recovery_code={}", user.recovery_codes[0])).await;
    for cookie in ["", &cookie, "handstamp_challenge=AAAAAAAAAAAAAAAAAAAAAA"] {
        let page = app.send("GET", "/login/second-factor?next=/sessions", &[("cookie", cookie)], None).await.body;
        assert!(!page.contains(r#"name="totp""#), "{page}");
        assert!(page.contains(r#"href="/login?next=%2Fsessions""#), "{page}");
    }
}
