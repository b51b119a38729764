//! Settings: a bad one stops the start with one line that names it and the fix.

use std::path::Path;

use handstamp::server::config::{Config, MailWay, SETTINGS, Settings};

fn config(pairs: &[(&str, &str)]) -> Result<Config, String> {
    Config::from_settings(&Settings::from_pairs(pairs.iter().copied())).map_err(|bad| bad.to_string())
}

#[test]
fn without_any_setting_it_runs_on_this_machine_alone() {
    let config = config(&[]).unwrap();
    assert_eq!(config.site_addr.to_string(), "127.0.0.1:3000");
    assert_eq!(config.public_url, "http://localhost:3000");
    assert_eq!(config.jwt_issuer, config.public_url);
    assert_eq!(config.sqlite_file().as_deref(), Some(Path::new("data/handstamp.db")));
    assert_eq!(config.data_dir(), Path::new("data"));
    assert!(config.signup_open);
    assert_eq!(config.password_min_length, 15);
    assert_eq!((config.argon2_memory_kib, config.argon2_iterations, config.argon2_parallelism), (19456, 2, 1));
}

#[test]
fn the_public_name_of_a_server_at_home_is_localhost_unless_it_listens_elsewhere() {
    for (listens, public_url) in [
        ("127.0.0.1:8080", "http://localhost:8080"),
        ("[::1]:3000", "http://localhost:3000"),
        ("0.0.0.0:3000", "http://localhost:3000"),
        ("192.0.2.1:3000", "http://192.0.2.1:3000"),
    ] {
        let config = config(&[("LEPTOS_SITE_ADDR", listens)]).unwrap();
        assert_eq!(config.public_url, public_url);
        assert_eq!(config.relying_party.is_some(), public_url.contains("localhost"), "{listens}");
    }
}

#[test]
fn production_wants_to_know_its_address_and_closes_sign_up() {
    let error = config(&[("APP_ENV", "production")]).err().unwrap();
    assert!(error.starts_with("PUBLIC_URL is missing"), "{error}");
    let config = config(&[("APP_ENV", "production"), ("PUBLIC_URL", "https://id.example.org/")]).unwrap();
    assert!(!config.signup_open);
    assert_eq!(config.public_url, "https://id.example.org");
}

#[test]
fn a_bad_value_is_named_in_one_line_with_its_fix() {
    for (name, value) in [
        ("APP_ENV", "prod"),
        ("LEPTOS_SITE_ADDR", "localhost"),
        ("LEPTOS_SITE_ADDR", "127.0.0.1:99999"),
        ("PUBLIC_URL", "id.example.org"),
        ("PUBLIC_URL", "https://id.example.org/path"),
        ("PUBLIC_URL", "https://user@id.example.org"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgres:user:hunter2@localhost/x"),
        ("DATABASE_LISTEN_URL", "sqlite:user:hunter2"),
        ("DATABASE_LISTEN_URL", "postgres://user:hunter2@localhost/x"),
        ("DATABASE_MAX_CONNECTIONS", "0"),
        ("DATABASE_TIMEOUT", "99ms"),
        ("REVOCATION_BOUND", "2m"),
        ("JWT_SECRET", ""),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ALGORITHM", "hs256"),
        ("JWT_ALGORITHM", "ES512"),
        ("JWT_ALGORITHM", "Ed25519"),
        ("JWT_PRIVATE_KEY_FILE", "key.pem"),
        ("JWT_CLIENT_ID", "zwölf"),
        ("JWT_CLIENT_ID", "two\nlines"),
        ("JWT_CLIENT_ID", &"x".repeat(129)),
        ("TOKEN_STORAGE", "cookie"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "0s"),
        ("JWT_REFRESH_TOKEN_IDLE", "forever"),
        ("ADDITIONAL_CLAIMS", "tenant"),
        ("ADDITIONAL_CLAIMS", r#"{"sub":"ada"}"#),
        ("ADDITIONAL_CLAIMS", r#"{"active":false}"#),
        ("ADDITIONAL_CLAIMS", r#"{"client_id":"portal"}"#),
        ("ADDITIONAL_CLAIMS", r#"{"a":{"b":1,"b":2}}"#),
        ("ADDITIONAL_CLAIMS", r#"{"roles":["admin"]}"#),
        ("LESSON", "yes"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "61m"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "0s"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "1500ms"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "300"),
        ("JWT_LEEWAY", "61s"),
        ("JWT_LEEWAY", "-1s"),
        ("FRESH_FOR", "2days"),
        ("SIGNUP", "yes"),
        ("REQUIRE_SECOND_FACTOR", "on"),
        ("PASSWORD_MIN_LENGTH", "7"),
        ("PASSWORD_MIN_LENGTH", "many"),
        ("ARGON2_MEMORY_KIB", "19455"),
        ("ARGON2_ITERATIONS", "1"),
        ("ARGON2_PARALLELISM", "0"),
        ("HASH_CONCURRENCY", "0"),
        ("HASH_QUEUE", "-1"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "*"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://*.example.org"),
        ("CORS_ORIGINS", "https://app.example.org/"),
        ("CORS_ORIGINS", "https://app.example.org https://b.example.org"),
        ("CORS_ORIGINS", "https://app.example.org,"),
        ("GATE_ORIGINS", "*"),
        ("GATE_ORIGINS", "https://*.example.org"),
        ("GATE_ORIGINS", "https://app.example.org/"),
        ("GATE_ORIGINS", "app.example.org"),
        ("GATE_COOKIE_DOMAIN", "example.org"),
        ("GATE_COOKIE_DOMAIN", "127.0.0.1"),
        ("WEBAUTHN_RP_ID", "example.org"),
        ("WEBAUTHN_RP_ID", "127.0.0.1"),
        ("WEBAUTHN_ORIGINS", "app.example.net"),
        ("WEBAUTHN_ORIGINS", "*"),
        ("SMTP_URL", "mail.example.org"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://user:hunter2@"),
        ("SMTP_URL", "https://user:hunter2@mail.example.org"),
        ("SMTP_URL", "smtp://user:hunter2@mail.example.org?tls=maybe"),
        ("SMTP_URL", "smtp://user:hunter2@mail.example.org:99999"),
        ("SMTP_URL", "smtp://mail.example.org/ehlo name?tls=none\n"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@example.org, b@example.org"),
        ("MAIL_FROM", "a@example.org\r\nBcc: b@example.org"),
        ("METRICS_TOKEN", "hunter2"),
        ("METRICS_TOKEN", "a token of hunter2 with spaces between"),
        ("LOG_FORMAT", "xml\nand more"),
    ] {
        let error = config(&[(name, value)]).err().unwrap_or_else(|| panic!("{name}={value}"));
        assert!(error.starts_with(name), "{error}");
        assert!(error.contains("; "), "says no fix: {error}");
        assert!(!error.contains('\n'), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_gate_cookie_is_for_a_domain_above_the_server_and_never_for_a_public_suffix() {
    let with = |domain, public_url| config(&[("PUBLIC_URL", public_url), ("GATE_COOKIE_DOMAIN", domain)]);
    let domain = with("example.org", "https://id.example.org").unwrap().gate.cookie_domain.unwrap();
    assert_eq!(domain.as_str(), "example.org");
    for (domain, public_url, problem) in [
        ("co.uk", "https://id.example.co.uk", "public suffix"),
        ("github.io", "https://ada.github.io", "public suffix"),
        ("example.com", "https://id.example.org", "nor a parent domain"),
        ("example.org\n", "https://id.example.com", "nor a parent domain"),
        (".example.org", "https://id.example.org", "nor a parent domain"),
    ] {
        let error = with(domain, public_url).err().unwrap();
        assert!(error.starts_with("GATE_COOKIE_DOMAIN is `") && error.contains(problem), "{error}");
        assert!(error.contains("; use a domain") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn a_mail_server_needs_a_sender_and_without_one_mail_is_written_or_off() {
    let way = |pairs: &[(&str, &str)]| config(pairs).map(|config| config.mail.way);
    let production = [("APP_ENV", "production"), ("PUBLIC_URL", "https://id.example.org")];
    assert!(matches!(way(&[]), Ok(MailWay::Outbox)));
    assert!(matches!(way(&production), Ok(MailWay::Off)));
    for url in [
        "smtps://user:hunter2@mail.example.org",
        "smtp://user:hunter2%40x@mail.example.org:587?tls=required",
        "smtp://127.0.0.1:2525",
    ] {
        assert!(
            matches!(way(&[("SMTP_URL", url), ("MAIL_FROM", "Id <id@example.org>")]), Ok(MailWay::Smtp(_))),
            "{url}"
        );
        let error = way(&[("SMTP_URL", url)]).err().unwrap();
        assert!(error.starts_with("MAIL_FROM is missing, but SMTP_URL is set; "), "{error}");
    }
}

#[test]
fn an_empty_setting_is_an_absent_one() {
    let config = config(&[("JWT_AUDIENCE", ""), ("SIGNUP", " "), ("DATABASE_URL", "")]).unwrap();
    assert_eq!((config.jwt_audience.as_str(), config.signup_open), ("handstamp", true));
    assert_eq!(config.sqlite_file().as_deref(), Some(Path::new("data/handstamp.db")));
}

#[test]
fn an_empty_client_id_is_none_and_an_absent_one_is_ours() {
    assert_eq!(config(&[]).unwrap().jwt_client_id.as_deref(), Some("handstamp"));
    for empty in ["", " "] {
        assert_eq!(config(&[("JWT_CLIENT_ID", empty)]).unwrap().jwt_client_id, None);
    }
    let scope = config(&[("ADDITIONAL_CLAIMS", r#"{"scope":"read write"}"#)]).unwrap();
    assert_eq!(scope.additional_claims.members()["scope"], "read write");
}

#[test]
fn t16_an_empty_secret_is_a_mistake_and_an_absent_one_is_made() {
    for empty in ["", " ", "\t\n"] {
        let error = config(&[("JWT_SECRET", empty)]).err().unwrap();
        assert!(error.starts_with("JWT_SECRET is set and empty; "), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    assert!(config(&[]).unwrap().jwt_secret.is_none());
}

#[test]
fn the_example_file_lists_every_setting() {
    let example = include_str!("../../.env.example");
    for setting in &SETTINGS {
        assert!(example.contains(&format!("#{}=", setting.name)), "{} is not in .env.example", setting.name);
        assert!(!setting.meaning.is_empty() && !setting.default.is_empty());
    }
    let listed = example.lines().filter(|line| line.starts_with('#') && line.contains('=')).count();
    assert_eq!(listed, SETTINGS.len(), ".env.example has a line for something that is no setting");
}
