//! Checks the architecture: allowed imports, the place of `cfg`, the length of files, and the maps of modules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The words that a file of a layer must not contain.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "src/server/domain",
        &[
            "axum",
            "leptos",
            "sqlx",
            "tokio",
            "async fn",
            "SystemTime",
            "Instant",
            "std::fs",
            "std::env",
            "crate::app",
            "crate::api_types",
            "server::flows",
            "server::store",
            "server::http",
            "server::cli",
            "server::config",
            "server::state",
            "server::world",
        ],
    ),
    (
        "src/server/store",
        &[
            "axum",
            "leptos",
            "StatusCode",
            "crate::app",
            "crate::api_types",
            "server::flows",
            "server::http",
            "server::cli",
            "server::state",
        ],
    ),
    (
        "src/server/flows",
        &["axum", "leptos", "sqlx", "StatusCode", "crate::app", "crate::api_types", "server::http", "server::cli"],
    ),
    ("src/server/http", &["sqlx", "SELECT ", "INSERT ", "server::cli"]),
    ("src/server/cli", &["sqlx", "SELECT ", "INSERT ", "axum", "leptos"]),
    ("src/server/config.rs", &["axum", "leptos::", "sqlx", "crate::app"]),
    ("src/server/config", &["axum", "leptos::", "sqlx", "crate::app"]),
    ("src/app", &["axum", "sqlx", "tokio", "jsonwebtoken", "crate::server"]),
    ("src/app/islands", &["app::pages", "app::browser"]),
    ("src/app/client", &["app::pages", "app::islands", "app::components"]),
    (
        "src/app/client/state",
        &["leptos", "js_sys", "web_sys", "async ", "Instant", "app::server_fns", "client::driver"],
    ),
    ("src/app/browser", &["app::pages", "app::islands", "app::components", "app::client", "app::server_fns"]),
    ("src/api_types.rs", &["axum", "sqlx", "tokio", "crate::"]),
];

/// The most lines of a file.
const MAX_LINES: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Returns the files of a layer: a folder, and the file of its name beside it.
fn layer_files(layer: &str) -> Vec<PathBuf> {
    let path = root().join(layer);
    let beside = path.with_extension("rs");
    let mut files = rust_files(&path);
    if path.is_dir() && beside.is_file() {
        files.push(beside);
    }
    assert!(!files.is_empty(), "{layer} is gone; its rule stands here");
    files
}

/// Returns the lines of code. Comments may name anything.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect()
}

#[test]
fn no_layer_names_what_it_must_not_know() {
    for (layer, forbidden) in FORBIDDEN {
        for file in layer_files(layer) {
            for line in code(&file) {
                // Imports inside the body of a server function exist only on the server. Each begins with `use`.
                let server_fns = file.ends_with("server_fns.rs") || file.parent().unwrap().ends_with("server_fns");
                let server_fn_body = server_fns && line.starts_with("    use crate::server::{flows, http};");
                for word in forbidden.iter().filter(|word| line.contains(**word)) {
                    assert!(server_fn_body, "{} names `{word}`: {line}", file.display());
                }
            }
        }
    }
}

#[test]
fn only_one_file_uses_what_needs_the_crypto_provider_of_jsonwebtoken() {
    let uses =
        ["jsonwebtoken::encode", "jsonwebtoken::decode", "jsonwebtoken::crypto", "from_encoding_key", ".thumbprint("];
    let one = root().join("src/server/domain/crypto.rs");
    let is_used = |file: &PathBuf| code(file).iter().any(|line| uses.iter().any(|used| line.contains(used)));
    let users: Vec<_> = rust_files(&root().join("src/server")).into_iter().filter(is_used).collect();
    assert_eq!(users, [one]);
}

#[test]
fn only_lib_rs_asks_which_build_it_is_in() {
    for file in rust_files(&root().join("src")) {
        if file.ends_with("src/lib.rs") || file.ends_with("tests/layers.rs") {
            continue;
        }
        for line in code(&file) {
            let feature = line.contains("cfg") && line.contains("feature");
            assert!(!feature, "{}: {line}", file.display());
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    for file in rust_files(&root().join("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", file.display());
    }
}

#[test]
fn every_file_says_what_it_is() {
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} has no header", file.display());
    }
}

#[test]
fn the_maps_name_every_module_that_is_there() {
    for (map, folder) in [("src/lib.rs", "src"), ("src/server.rs", "src/server")] {
        let text = fs::read_to_string(root().join(map)).unwrap();
        let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        for module in modules_of(&text) {
            assert!(
                header.contains(&format!("`{module}`")) || header.contains(&format!(" {module} ")),
                "{map}: {module}"
            );
            assert!(root().join(folder).join(format!("{module}.rs")).is_file(), "{map}: {module}");
        }
    }
}

#[test]
fn every_module_is_reached_from_its_parent() {
    for file in rust_files(&root().join("src/server")).into_iter().chain(rust_files(&root().join("src/app"))) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let parent = file.parent().unwrap().with_extension("rs");
        let text = fs::read_to_string(&parent).unwrap_or_default();
        let test_of_a_neighbour = name.ends_with("_tests");
        assert!(test_of_a_neighbour || modules_of(&text).contains(name), "{} is in no module", file.display());
    }
}

#[test]
fn values_that_two_files_repeat_are_equal() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let version = read("scripts/versions.sh");
    let version = version.lines().find_map(|line| line.strip_prefix("WASM_BINDGEN_VERSION=")).unwrap();
    assert!(read("Cargo.toml").contains(&format!(r#"wasm-bindgen = {{ version = "={version}""#)));
    assert!(read(".cargo/config.toml").contains(r#"LEPTOS_OUTPUT_NAME = "handstamp""#));
    assert!(read("Cargo.toml").contains(r#"output-name = "handstamp""#));
}

fn modules_of(text: &str) -> BTreeSet<&str> {
    let declared = text.lines().filter_map(|line| {
        let line = line.trim_start_matches("pub ").trim_start_matches("pub(super) ");
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.collect()
}
