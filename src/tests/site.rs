//! The pages' files, as a browser gets them.

use std::fs;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Answer, TestApp};
use crate::process::Serving;

/// The names of the files from `cargo leptos build`, with other content.
const FILES: [(&str, &str); 9] = [
    ("favicon.svg", "<svg/>"),
    ("pkg/handstamp.aB-3_x.js", "the script"),
    ("pkg/handstamp.d.aB-3_x.ts", "its types"),
    ("pkg/handstamp.Qq91.wasm", "the program"),
    ("pkg/handstamp.Qq91.wasm.br", "small"),
    ("pkg/handstamp.Qq91.wasm.gz", "smaller"),
    ("pkg/handstamp_bg.wasm.d.Zz.ts", "more types"),
    ("pkg/handstamp.c5S.css", "the style"),
    ("pkg/split_greeting.s1.parts", "the parts of one page"),
];

async fn with_files(files: &[(&str, &str)]) -> (TempDir, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("site").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let site = folder.path().join("site");
    let app = TestApp::start_with(&[("LEPTOS_SITE_ROOT", site.to_str().unwrap())]).await;
    (folder, app)
}

async fn get_as(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    app.send("GET", path, headers, None).await
}

#[tokio::test]
async fn a_file_is_compressed_for_a_client_that_accepts_it() {
    let (_folder, app) = with_files(&FILES).await;
    for (accepted, coding, body) in [
        ("gzip, deflate, br, zstd", Some("br"), "small"),
        ("BR;q=0.5", Some("br"), "small"),
        ("gzip", Some("gzip"), "smaller"),
        ("gzip, br;q=0", Some("gzip"), "smaller"),
        ("br; q=0.000, gzip;q=0.0", None, "the program"),
        ("identity", None, "the program"),
        ("abr, gzipped", None, "the program"),
    ] {
        let answer = get_as(&app, "/pkg/handstamp.Qq91.wasm", &[("accept-encoding", accepted)]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{accepted}");
        assert_eq!(answer.body, body, "{accepted}");
        assert_eq!(answer.header("content-type"), Some("application/wasm"), "whatever it is packed in");
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let script = get_as(&app, "/pkg/handstamp.aB-3_x.js", &[("accept-encoding", "br")]).await;
    assert_eq!(
        (script.header("content-encoding"), script.body.as_str()),
        (None, "the script"),
        "there is no packed one"
    );
}

#[tokio::test]
async fn a_file_with_a_hash_in_its_name_is_cached_and_the_script_is_revalidated() {
    let (_folder, app) = with_files(&FILES).await;
    for (path, caching, content_type) in [
        ("/pkg/handstamp.Qq91.wasm", "public, max-age=31536000, immutable", "application/wasm"),
        ("/pkg/handstamp.c5S.css", "public, max-age=31536000, immutable", "text/css"),
        ("/pkg/split_greeting.s1.parts", "public, max-age=31536000, immutable", "application/octet-stream"),
        ("/pkg/handstamp.aB-3_x.js", "no-cache", "text/javascript"),
        ("/favicon.svg", "public, max-age=3600", "image/svg+xml"),
    ] {
        let answer = get_as(&app, path, &[]).await;
        assert_eq!(answer.header("cache-control"), Some(caching), "{path}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_has_the_file_gets_304() {
    let (folder, app) = with_files(&FILES).await;
    let path = "/pkg/handstamp.Qq91.wasm";
    let plain = get_as(&app, path, &[]).await.header("etag").unwrap().to_owned();
    let packed = get_as(&app, path, &[("accept-encoding", "br")]).await.header("etag").unwrap().to_owned();
    assert_ne!(plain, packed, "other bytes, another tag");

    let again = get_as(&app, path, &[("accept-encoding", "br"), ("if-none-match", &packed)]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), Some(packed.as_str()));
    assert_eq!(again.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(get_as(&app, path, &[("if-none-match", &packed)]).await.status, 200, "that was the packed one's");

    fs::write(folder.path().join("site/pkg/handstamp.Qq91.wasm"), "the next program").unwrap();
    let changed = get_as(&app, path, &[("if-none-match", &plain)]).await;
    assert_eq!((changed.status, changed.body.as_str()), (200, "the next program"));
}

#[tokio::test]
async fn head_answers_as_get_without_the_file() {
    let (_folder, app) = with_files(&FILES).await;
    let answer = app.send("HEAD", "/pkg/handstamp.Qq91.wasm", &[("accept-encoding", "br")], None).await;
    assert_eq!((answer.status, answer.header("content-length"), answer.body.as_str()), (200, Some("5"), ""));
    assert_eq!(answer.header("content-encoding"), Some("br"));
}

#[tokio::test]
async fn a_page_links_the_files_that_exist() {
    let (_folder, app) = with_files(&FILES).await;
    let page = app.get("/login").await.body;
    for name in ["handstamp.aB-3_x.js", "handstamp.Qq91.wasm", "handstamp.c5S.css"] {
        assert!(page.contains(&format!("/pkg/{name}\"")), "{name}: {page}");
    }

    let renewed = [&FILES[..], &[("pkg/handstamp.js", "renewed by cargo leptos watch")]].concat();
    let (_folder, app) = with_files(&renewed).await;
    assert!(app.get("/login").await.body.contains("/pkg/handstamp.js\""), "one without a hash is newer");
    assert_eq!(get_as(&app, "/pkg/handstamp.js", &[]).await.header("cache-control"), Some("no-cache"));
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let (folder, app) = with_files(&FILES).await;
    fs::write(folder.path().join("secret"), "not to be had").unwrap();
    fs::write(folder.path().join("site/.env"), "not to be had").unwrap();
    let absolute = format!("/{}", folder.path().join("secret").display());
    for path in [
        "/../secret",
        "/pkg/../../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/pkg/..\\..\\secret",
        "//secret",
        "/pkg//",
        "/.env",
        "/pkg",
        "/pkg/",
        "/./favicon.svg",
        &absolute,
    ] {
        // Written by hand: an HTTP client would normalise the path.
        let mut stream = TcpStream::connect(app.origin.strip_prefix("http://").unwrap()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(["HTTP/1.1 404", "HTTP/1.1 400"].contains(&&answer[..12]), "{path}: {answer}");
        assert!(!answer.contains("not to be had"), "{path}");
    }
}

#[tokio::test]
async fn a_folder_without_the_pages_files_stops_the_start() {
    let app = TestApp::start().await;
    let refused = app.start_another_with(&[("LEPTOS_SITE_ROOT", "/nowhere")]).await.err().unwrap();
    assert!(refused.starts_with("LEPTOS_SITE_ROOT contains no files of the pages: "), "{refused}");
}

#[tokio::test]
async fn under_cargo_leptos_watch_a_page_listens_at_the_port_that_cargo_leptos_names() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with(folder.path(), &[("LEPTOS_WATCH", "true"), ("LEPTOS_RELOAD_PORT", "3456")]);
    let page = serving.send("GET", "/", "").await;

    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src 'self' ws://127.0.0.1:3456 ws://localhost:3456;"), "{policy}");
    assert!(page.body.contains("(3456, 'ws://')"), "{}", page.body);
}
