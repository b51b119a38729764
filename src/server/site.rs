//! The pages' files: the program, its style sheet, what lies in `public/`. In the binary, or in a folder while one develops.
//!
//! Knows names and bytes. How they are answered is in `http/files.rs`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rust_embed::{DynRustEmbed, EmbeddedFile};

use crate::app::page_facts::SiteFiles;

/// The folder of the program and the style sheet.
const PKG: &str = "pkg/";

/// The files that `src/main.rs` has in itself.
pub type Embedded = &'static (dyn DynRustEmbed + Sync);

/// The pages' files, and what the program's are called.
pub struct Site {
    source: Source,
    pub files: Arc<SiteFiles>,
}

enum Source {
    /// Specs and commands show nobody a page.
    Nothing,
    Binary(Embedded),
    Folder(PathBuf),
}

impl Site {
    /// The files of `folder`, where one is named; else those of the binary.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(folder: Option<PathBuf>, embedded: Option<Embedded>) -> io::Result<Self> {
        let (source, names) = match (folder, embedded) {
            (Some(folder), _) => {
                let entries = fs::read_dir(folder.join(PKG))?;
                let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
                (Source::Folder(folder), names)
            }
            (None, Some(embedded)) => {
                let names = embedded.names().into_iter().filter_map(|name| Some(name.strip_prefix(PKG)?.to_owned()));
                (Source::Binary(embedded), names.collect())
            }
            (None, None) => (Source::Nothing, Vec::new()),
        };
        Ok(Self { source, files: Arc::new(site_files(&names)) })
    }

    /// The file of this name, like `pkg/handstamp.css`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<EmbeddedFile> {
        match &self.source {
            Source::Nothing => None,
            Source::Binary(embedded) => embedded.get(name),
            Source::Folder(folder) => {
                let goes_astray = name.split('/').any(|part| part.is_empty() || part.starts_with('.'));
                if goes_astray { None } else { rust_embed::utils::read_file_from_fs(&folder.join(name)).ok() }
            }
        }
    }

    /// Whether this binary was built without the pages' files.
    #[must_use]
    pub fn lacks_the_program(&self) -> bool {
        self.find(self.files.js.trim_start_matches('/')).is_none()
    }
}

/// The addresses of the program's files, of which `names` are there: each with the hash of what it holds, or without one.
/// `cargo leptos watch` renews those without, so they win.
fn site_files(names: &[String]) -> SiteFiles {
    let address = |stem: &str, extension: &str| {
        let plain = format!("{stem}.{extension}");
        let hashed = names.iter().find(|name| hash(name, stem, extension).is_some());
        format!("/{PKG}{}", if names.contains(&plain) { &plain } else { hashed.unwrap_or(&plain) })
    };
    let ours = |extension: &str| address(env!("LEPTOS_OUTPUT_NAME"), extension);
    SiteFiles { js: ours("js"), wasm: ours("wasm"), css: ours("css"), split: address("__wasm_split", "js") }
}

/// The hash in a name like `stem.hash.extension`.
fn hash<'a>(name: &'a str, stem: &str, extension: &str) -> Option<&'a str> {
    let middle = name.strip_prefix(stem)?.strip_suffix(extension)?;
    let hash = middle.strip_prefix('.')?.strip_suffix('.')?;
    (!hash.is_empty() && !hash.contains('.')).then_some(hash)
}
