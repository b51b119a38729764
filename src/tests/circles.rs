//! Arrows between files go one way: no file of `src` knows, over however many others, one that knows it.
//!
//! An arrow goes from a file to the file where a thing that it names is defined: `use` lines (also nested ones, `pub use`,
//! and those inside a body) and paths in code (`crate::a::b()`, `super::X`, and `flows::login()` after `use …::flows`). A
//! name that a module hands on is followed to where it comes from, so that `use super::List` is an arrow to the file of
//! `List` and not to the parent that re-exports it; the re-export itself is an arrow from the parent. `mod child;` is none,
//! and neither is the import of a module without a named item. What stands under `#[cfg(test)]`, and files
//! `…_tests.rs`, are not part of the program.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

/// For each file, the files that it knows.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_file_knows_another_in_a_circle() {
    let found: Vec<_> = ["src", "src/tests"].into_iter().flat_map(|root| circles(&graph(&read(root)))).collect();
    assert!(found.is_empty(), "circles:\n{}", found.join("\n"));
}

/// The texts of a crate's files, by the paths of their modules.
fn read(root: &str) -> BTreeMap<Vec<String>, (String, String)> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut files = BTreeMap::new();
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let within = path.strip_prefix(&base).unwrap().with_extension("");
            let module: Vec<String> = within.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            // Crates of their own.
            let other_crate = root == "src" && ["tests", "benches", "examples", "main"].contains(&module[0].as_str());
            if path.is_dir() && !other_crate {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !other_crate {
                let is_root = module == ["lib"] || module == ["main"];
                let name = format!("{root}/{}.rs", module.join("/"));
                let text = fs::read_to_string(&path).unwrap();
                if !name.ends_with("_tests.rs") {
                    files.insert(if is_root { Vec::new() } else { module }, (name, text));
                }
            }
        }
    }
    files
}

fn graph(files: &BTreeMap<Vec<String>, (String, String)>) -> Graph {
    let modules: BTreeMap<_, _> = files.iter().map(|(module, (_, text))| (module.clone(), Named::of(text))).collect();
    let mut graph = Graph::new();
    for (module, named) in &modules {
        let own = &files[module].0;
        let mut known = BTreeSet::new();
        let imported = named.imports.iter().map(|(_, path)| path).filter(|path| !is_module(&modules, module, path));
        for path in imported.chain(&named.paths) {
            known.extend(home(&modules, module, path, 0).map(|home| files[&home].0.clone()));
        }
        known.remove(own);
        graph.insert(own.clone(), known);
    }
    graph
}

/// What a text imports, each with the name that it has then, and the paths in its code.
#[derive(Default)]
struct Named {
    imports: Vec<(String, Vec<String>)>,
    paths: Vec<Vec<String>>,
}

impl Named {
    fn of(text: &str) -> Self {
        let program = text.split("#[cfg(test)]").next().unwrap();
        let words = words(program);
        let mut named = Self::default();
        let mut at = 0;
        while at < words.len() {
            if words[at] == "use" {
                let end = at + words[at..].iter().position(|word| word == ";").unwrap_or(words.len() - at);
                named.import(&mut words[at + 1..end].iter().peekable(), &[]);
                at = end;
            } else if is_name(&words[at]) {
                let mut path = vec![words[at].clone()];
                while words.get(at + 1).is_some_and(|word| word == "::")
                    && words.get(at + 2).is_some_and(|word| is_name(word))
                {
                    path.push(words[at + 2].clone());
                    at += 2;
                }
                if path.len() > 1 {
                    named.paths.push(path);
                }
            }
            at += 1;
        }
        named
    }

    /// Reads one tree of a `use` line: `a::{self, b::C, d as e}`.
    fn import<'w>(&mut self, words: &mut std::iter::Peekable<impl Iterator<Item = &'w String>>, prefix: &[String]) {
        let mut path = prefix.to_vec();
        while let Some(word) = words.next() {
            match word.as_str() {
                "::" => {}
                "{" => {
                    while words.peek().is_some_and(|word| *word != "}") {
                        self.import(words, &path);
                        words.next_if(|word| *word == ",");
                    }
                    words.next();
                    return;
                }
                "as" => {
                    let alias = words.next().unwrap().clone();
                    return self.imports.push((alias, path));
                }
                "self" if !path.is_empty() => {}
                word => path.push(word.to_owned()),
            }
            if words.peek().is_none_or(|word| [",", "}"].contains(&word.as_str())) {
                break;
            }
        }
        if let Some(last) = path.last() {
            self.imports.push((last.clone(), path));
        }
    }
}

type Modules = BTreeMap<Vec<String>, Named>;

/// From the crate's root, if the path begins with a module of the crate or with an import.
fn absolute(modules: &Modules, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([module, rest].concat()),
        "super" => {
            let up = path.iter().take_while(|word| *word == "super").count();
            Some([&module[..module.len().checked_sub(up)?], &path[up..]].concat())
        }
        _ => {
            let child = [module, std::slice::from_ref(first)].concat();
            if modules.contains_key(&child) {
                return Some([&child, rest].concat());
            }
            let imports = modules[module].imports.iter();
            let target = imports.filter(|(name, target)| name == first && target != path).map(|(_, target)| target);
            // An import of the crate's own; another crate's leads nowhere.
            let mut targets =
                target.filter_map(|target| (depth < 8).then(|| absolute(modules, module, target, depth + 1))?);
            targets.next().map(|target| [&target, rest].concat())
        }
    }
}

fn is_module(modules: &Modules, module: &[String], path: &[String]) -> bool {
    absolute(modules, module, path, 0).is_some_and(|path| modules.contains_key(&path))
}

/// The module in whose file the thing of this path is defined.
fn home(modules: &Modules, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
    let path = absolute(modules, module, path, 0)?;
    let length = (0..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
    let (within, rest) = path.split_at(length);
    let handed_on = rest.first().and_then(|name| {
        let import = modules[within].imports.iter().find(|(known, _)| known == name)?;
        let further = home(modules, within, &[&import.1, &rest[1..]].concat(), depth + 1);
        (depth < 8).then_some(further)?
    });
    handed_on.or_else(|| Some(within.to_vec()))
}

/// The shortest circle through each file that is in one, each circle once.
fn circles(graph: &Graph) -> Vec<String> {
    let mut found = BTreeSet::new();
    for start in graph.keys() {
        let mut came_from: BTreeMap<&String, &String> = BTreeMap::new();
        let mut next = VecDeque::from([start]);
        while let Some(file) = next.pop_front() {
            for known in &graph[file] {
                if !came_from.contains_key(known) {
                    came_from.insert(known, file);
                    next.push_back(known);
                }
            }
        }
        if !came_from.contains_key(start) {
            continue;
        }
        let mut circle = vec![start];
        let mut at = came_from[start];
        while at != start {
            circle.push(at);
            at = came_from[at];
        }
        circle.reverse();
        let first = (0..circle.len()).min_by_key(|index| circle[*index]).unwrap();
        circle.rotate_left(first);
        circle.push(circle[0]);
        found.insert(circle.into_iter().map(String::as_str).collect::<Vec<_>>().join(" -> "));
    }
    found.into_iter().collect()
}

/// Names, `::`, and signs one by one, without comments, strings and characters.
fn words(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&letter) = text.get(at) {
        let rest = |length: usize| text[at..].iter().take(length).collect::<String>();
        let until = |from: usize, end: &str| {
            let end: Vec<char> = end.chars().collect();
            (from..text.len()).find(|at| text[*at..].starts_with(&end)).map_or(text.len(), |at| at + end.len())
        };
        if rest(2) == "//" {
            at = until(at, "\n");
        } else if rest(2) == "/*" {
            at = until(at, "*/");
        } else if let Some(hashes) = raw_string(&text[at..]) {
            at = until(at + hashes + 2, &format!("\"{}", "#".repeat(hashes)));
        } else if letter == '"' {
            at += 1;
            while text.get(at).is_some_and(|letter| *letter != '"') {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if letter == '\'' && (text.get(at + 1) == Some(&'\\') || text.get(at + 2) == Some(&'\'')) {
            at = until(at + 2, "'").max(at + 3);
        } else if letter.is_alphanumeric() || letter == '_' {
            let length = text[at..].iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').count();
            words.push(rest(length));
            at += length;
        } else if rest(2) == "::" {
            words.push("::".to_owned());
            at += 2;
        } else {
            if !letter.is_whitespace() {
                words.push(letter.to_string());
            }
            at += 1;
        }
    }
    words
}

/// How many `#` stand before the quotation mark, where a raw string begins.
fn raw_string(text: &[char]) -> Option<usize> {
    let hashes = text.strip_prefix(&['r'])?.iter().take_while(|letter| **letter == '#').count();
    (text.get(hashes + 1) == Some(&'"')).then_some(hashes)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// The circles of made-up files.
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let module =
        |name: &str| -> Vec<String> { name.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    circles(&graph(
        &files.iter().map(|(name, text)| (module(name), ((*name).to_owned(), (*text).to_owned()))).collect(),
    ))
}

#[test]
fn a_circle_is_found_however_it_is_written_and_named_as_a_path() {
    let root = ("", "mod a; mod b; mod c;");
    let c = ("c", "use crate::{a::A};");
    for b in [
        "use crate::c::C;",
        "pub use super::c::C;",
        "use crate::{a, c::{self, C as Sea}};",
        "fn f() { use crate::c::C; }",
        "fn f() -> crate::c::C { loop {} }",
        "use crate::c;\nfn f() { c::f() }",
        "use crate::c as sea;\nfn f() -> sea::C { loop {} }",
        "use super::c::*;",
    ] {
        let a = ("a", "//! use nothing\nuse std::fmt;\nuse crate::b::{B};");
        assert_eq!(of(&[root, a, ("b", b), c]), ["a -> b -> c -> a"], "{b}");
    }
}

#[test]
fn a_child_that_names_what_its_parent_defines_is_a_circle_only_if_the_parent_names_the_child() {
    let root = ("", "mod a;");
    let child = ("a/x", "use super::A;\npub struct X(A);");
    assert!(of(&[root, ("a", "mod x;\npub struct A;"), child]).is_empty());
    assert_eq!(of(&[root, ("a", "mod x;\npub use x::X;\npub struct A;"), child]), ["a -> a/x -> a"]);
    // What the parent only hands on comes from its other child.
    let handed_on = ("a", "mod x;\nmod y;\npub use x::X;\npub use y::A;");
    assert!(of(&[root, handed_on, child, ("a/y", "pub struct A;")]).is_empty());
    assert_eq!(of(&[root, handed_on, child, ("a/y", "use crate::a::X;")]), ["a/x -> a/y -> a/x"]);
}

#[test]
fn what_is_not_code_of_the_program_is_no_arrow() {
    let root = ("", "mod a; mod b;");
    for b in [
        "// use crate::a::A;",
        "/* use crate::a::A; */",
        "const B: &str = \"use crate::a::A;\";",
        "const B: &str = r#\"\"use crate::a::A;\"#;",
        "const B: char = '\"'; const C: &str = \"crate::a::A\";",
        "fn f<'a>(_: &'a str) {}\n#[cfg(test)]\nmod tests { use crate::a::A; }",
        "use other::a::A;",
        "use crate::a;",
    ] {
        assert!(of(&[root, ("a", "use crate::b::B;"), ("b", b)]).is_empty(), "{b}");
    }
}
