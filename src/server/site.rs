//! The pages' files: the WASM program, its style sheet, the files of `public/`. They are in the binary, or in a folder
//! during development.
//!
//! Knows names and bytes. `http/files.rs` answers requests for them.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rust_embed::{DynRustEmbed, EmbeddedFile};

use crate::app::page_facts::SiteFiles;

/// The folder of the program and the style sheet.
const PKG: &str = "pkg/";

/// The files that `src/main.rs` embeds.
pub type Embedded = &'static (dyn DynRustEmbed + Sync);

/// The pages' files, and the names of the program's files.
pub struct Site {
    source: Source,
    pub files: Arc<SiteFiles>,
}

enum Source {
    /// Specs and commands serve no pages.
    Nothing,
    Binary(Embedded),
    Folder(PathBuf),
}

impl Site {
    /// Uses the files of `folder`, if there is one; otherwise those of the binary.
    ///
    /// # Errors
    /// If the folder cannot be read.
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

    /// Returns the file with this name, like `pkg/handstamp.css`.
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

    /// Returns whether this binary was built without the pages' files.
    #[must_use]
    pub fn lacks_the_program(&self) -> bool {
        self.find(self.files.js.trim_start_matches('/')).is_none()
    }
}

/// Returns the addresses of the program's files. `names`: the existing files, with or without a hash of the content in
/// the name. Those without a hash win, because `cargo leptos watch` updates them.
fn site_files(names: &[String]) -> SiteFiles {
    let address = |extension: &str| {
        let stem = env!("LEPTOS_OUTPUT_NAME");
        let plain = format!("{stem}.{extension}");
        let hashed = names.iter().find(|name| hash(name, stem, extension).is_some());
        format!("/{PKG}{}", if names.contains(&plain) { &plain } else { hashed.unwrap_or(&plain) })
    };
    SiteFiles { js: address("js"), wasm: address("wasm"), css: address("css") }
}

/// Returns the hash in a name like `stem.hash.extension`.
fn hash<'a>(name: &'a str, stem: &str, extension: &str) -> Option<&'a str> {
    let middle = name.strip_prefix(stem)?.strip_suffix(extension)?;
    let hash = middle.strip_prefix('.')?.strip_suffix('.')?;
    (!hash.is_empty() && !hash.contains('.')).then_some(hash)
}
