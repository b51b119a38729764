//! The parts of an audience: what fits, and how it is written and read back.

use super::*;

fn texts() -> AudienceTexts {
    AudienceTexts {
        name: "rabbitmq".into(),
        aud: "https://mq.example.org".into(),
        typ: "JWT".into(),
        subject: "username".into(),
        client_id: Some(String::new()),
        claims: r#"{"tenant":"north","roles":["reader"]}"#.into(),
        scope: "rabbitmq.read:*/* rabbitmq.write:*/*".into(),
        roles: "staff member".into(),
        lifetime: Some(60),
    }
}

fn parsed(texts: AudienceTexts) -> Result<Audience, UnfitAudience> {
    Audience::parse(texts, UnixTime(7))
}

#[test]
fn an_audience_is_read_back_from_its_texts() {
    let audience = parsed(texts()).unwrap();
    assert_eq!((audience.typ, audience.subject), (HeaderType::Jwt, Subject::Username));
    assert_eq!((&audience.client_id, audience.lifetime), (&ClientIdClaim::Absent, Some(Duration::from_mins(1))));
    assert_eq!(parsed(audience.to_texts()), Ok(audience));
    let plain = AudienceTexts { client_id: None, scope: String::new(), lifetime: None, ..texts() };
    let plain = parsed(AudienceTexts { typ: "at+jwt".into(), subject: "id".into(), ..plain }).unwrap();
    assert_eq!(plain.client_id, ClientIdClaim::OfServer);
    assert_eq!(parsed(plain.to_texts()), Ok(plain));
}

#[test]
fn a_part_that_does_not_fit_is_named() {
    let long = "x".repeat(MAX_VALUE + 1);
    let name = |name: &str| AudienceTexts { name: name.into(), ..texts() };
    let aud = |aud: &str| AudienceTexts { aud: aud.into(), ..texts() };
    let client_id = |id: &str| AudienceTexts { client_id: Some(id.into()), ..texts() };
    let scope = |scope: &str| AudienceTexts { scope: scope.into(), ..texts() };
    let claims = |claims: &str| AudienceTexts { claims: claims.into(), ..texts() };
    let lifetime = |seconds| AudienceTexts { lifetime: Some(seconds), ..texts() };
    for (bad, expected) in [
        (name("a b"), UnfitAudience::Name(NotAPlainName)),
        (aud(""), UnfitAudience::Aud),
        (aud("a b"), UnfitAudience::Aud),
        (aud(&long), UnfitAudience::Aud),
        (AudienceTexts { typ: "jwt".into(), ..texts() }, UnfitAudience::Typ),
        (AudienceTexts { subject: "email".into(), ..texts() }, UnfitAudience::Subject),
        (client_id("a\nb"), UnfitAudience::ClientId),
        (client_id(&long), UnfitAudience::ClientId),
        (claims("[]"), UnfitAudience::Claims(UnfitClaims::NotAnObject)),
        (claims(r#"{"sid":"x"}"#), UnfitAudience::Claims(UnfitClaims::Reserved("sid".into()))),
        (claims(r#"{"roles":["admin"]}"#), UnfitAudience::Claims(UnfitClaims::Admin)),
        (scope("a  b"), UnfitAudience::Scope),
        (scope(" a"), UnfitAudience::Scope),
        (scope("a\tb"), UnfitAudience::Scope),
        (scope("a\"b"), UnfitAudience::Scope),
        (scope(&"x".repeat(MAX_SCOPE + 1)), UnfitAudience::Scope),
        (AudienceTexts { roles: long.clone(), ..texts() }, UnfitAudience::Role),
        (lifetime(0), UnfitAudience::Lifetime),
        (lifetime(-1), UnfitAudience::Lifetime),
        (lifetime(3601), UnfitAudience::Lifetime),
    ] {
        assert_eq!(parsed(bad), Err(expected));
    }
}

#[test]
fn a_user_needs_all_the_roles_and_a_scope_covers_only_its_own_values() {
    let audience = parsed(texts()).unwrap();
    let admits = |roles: &[&str]| audience.admits(&roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>());
    assert!(admits(&["member", "other", "staff"]));
    assert!(!admits(&["staff"]) && !admits(&[]));
    let covers = |asked: &str| Scope::parse("read write").unwrap().covers(&Scope::parse(asked).unwrap());
    assert!(covers("write") && covers("write read") && !covers("read admin") && !covers("rea"));
}

#[test]
fn the_audiences_are_known_for_a_second_and_not_after_a_change() {
    let (known, millis) = (KnownAudiences::default(), Duration::from_millis);
    assert!(known.all(millis(0)).is_none());
    known.remember(Arc::new([parsed(texts()).unwrap()]), millis(5000));
    assert_eq!(known.all(millis(5999)).unwrap().len(), 1);
    assert!(known.all(millis(6000)).is_none());
    known.forget();
    assert!(known.all(millis(5000)).is_none());
}
