//! README.md and the pages of docs/: every link leads to a file or heading, and a script performs every marked block.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of the longest README that a newcomer reads to its end.
const README_LINES: usize = 200;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README.md and the pages of docs/, by path.
fn documents() -> BTreeMap<PathBuf, String> {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let all = pages.chain([root().join("README.md")]);
    all.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The lines outside of fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of `[words](target)`, `src="target"` and `srcset="target"`.
fn links(text: &str) -> Vec<&str> {
    let behind = |line, open: &str, close| {
        let line: &str = line;
        let found: Vec<&str> = line.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect();
        found
    };
    let of_line =
        |line| [behind(line, "](", ')'), behind(line, "src=\"", '"'), behind(line, "srcset=\"", '"')].concat();
    prose(text).flat_map(of_line).collect()
}

/// The anchors that a page has, made from its headings in the way of GitHub.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |letter: char| letter.is_alphanumeric() || "-_ ".contains(letter);
    headings.map(|heading| heading.to_lowercase().replace(|letter| !kept(letter), "").replace(' ', "-")).collect()
}

/// The links of these pages that lead nowhere.
fn broken(documents: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut broken = Vec::new();
    for (page, text) in documents {
        for link in links(text).into_iter().filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let leads = target.canonicalize().is_ok_and(|target| {
                anchor.is_empty() || documents.get(&target).is_some_and(|text| anchors(text).contains(anchor))
            });
            if !leads {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    broken
}

#[test]
fn every_link_in_readme_and_docs_leads_somewhere() {
    let mut documents = documents();
    assert_eq!(broken(&documents), Vec::<String>::new());
    assert!(
        documents.values().map(|text| links(text).len()).sum::<usize>() > 30,
        "this spec no longer finds the links"
    );

    // Links that lead nowhere are found.
    let page = root().join("docs/keys.md");
    documents
        .insert(page.clone(), "# Keys\n[a](gone.md) [b](tokens.md#gone) [c](#keys) <img src=\"../gone.png\">".into());
    let page = page.display();
    let expected = [format!("{page}: gone.md"), format!("{page}: tokens.md#gone"), format!("{page}: ../gone.png")];
    assert_eq!(broken(&documents), expected);
}

#[test]
fn the_readme_leads_to_every_page() {
    let documents = documents();
    let readme = &documents[&root().join("README.md")];
    for page in documents.keys().filter(|page| page.parent().unwrap().ends_with("docs")) {
        let link = format!("](docs/{})", page.file_name().unwrap().to_str().unwrap());
        assert!(readme.contains(&link), "README.md has no link to {}", page.display());
    }
}

#[test]
fn the_readme_is_short() {
    let lines = documents()[&root().join("README.md")].lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines");
}

#[test]
fn a_script_performs_every_marked_block() {
    let scripts = fs::read_dir(root().join("scripts")).unwrap().map(|entry| entry.unwrap().path());
    let scripts: String = scripts.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut marks = 0;
    for (page, text) in documents() {
        let marked = prose(&text).filter_map(|line| line.strip_prefix("<!-- ")?.strip_suffix(" -->"));
        for mark in marked {
            // Scripts write the whole mark, or build it from its kind and its name.
            let name = mark.rsplit(": ").next().unwrap();
            let named = scripts.contains(&format!("'{mark}'")) || scripts.contains(&format!("'{name}'"));
            assert!(named, "{}: no script performs `{mark}`", page.display());
            marks += 1;
        }
    }
    assert!(marks >= 11, "{marks} blocks are left");
}
