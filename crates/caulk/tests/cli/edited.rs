//! A check after an edit follows only what the edit can matter to, and prints what a check of everything prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::world::{Ran, World};

const CHECK: &[&str] = &[
    "check",
    "--format",
    "json",
    "--severity",
    "low",
    "--undecided",
    "--preview",
    "--stats",
];

/// A module in which each way that one package's findings can hang on another's has its place.
fn world() -> World {
    World::with(&[
        ("go.mod", "module example.com/m\n\ngo 1.26\n"),
        // Leaks by what `store` does with it, a package further down.
        (
            "app/app.go",
            "package app\n\nimport (\n\t\"os\"\n\n\t\"example.com/m/middle\"\n)\n\nfunc Read(name string) error {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn err\n\t}\n\tmiddle.Use(f)\n\treturn nil\n}\n",
        ),
        (
            "middle/middle.go",
            "package middle\n\nimport (\n\t\"os\"\n\n\t\"example.com/m/store\"\n)\n\nfunc Use(f *os.File) { store.Use(f) }\n",
        ),
        (
            "store/store.go",
            "package store\n\nimport \"os\"\n\ntype Item struct{ Name string }\n\nfunc Use(f *os.File) {\n\t_, _ = f.Stat()\n}\n",
        ),
        (
            "store/store_windows.go",
            "package store\n\nimport \"os\"\n\nfunc Other(name string) {\n\tf, _ := os.Open(name)\n\tUse(f)\n}\n",
        ),
        (
            "store/store_test.go",
            "package store_test\n\nimport (\n\t\"os\"\n\t\"testing\"\n\n\t\"example.com/m/store\"\n)\n\nfunc TestUse(t *testing.T) {\n\tf, err := os.Open(\"x\")\n\tif err != nil {\n\t\tt.Fatal(err)\n\t}\n\tstore.Use(f)\n}\n",
        ),
        // What implements an interface decides, and neither package imports the other.
        (
            "sink/sink.go",
            "package sink\n\nimport (\n\t\"io\"\n\t\"os\"\n)\n\ntype Sink interface{ Take(r io.Reader) error }\n\nfunc Send(s Sink, name string) error {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn s.Take(f)\n}\n",
        ),
        (
            "printer/printer.go",
            "package printer\n\nimport (\n\t\"io\"\n)\n\ntype Printer struct{ n int }\n\nfunc (p *Printer) Take(r io.Reader) error {\n\t_, err := io.Copy(io.Discard, r)\n\treturn err\n}\n",
        ),
        // Only whoever calls it tells how often it runs.
        (
            "work/work.go",
            "package work\n\nimport \"net/http\"\n\nfunc Ask(url string) (int, error) {\n\tresponse, err := http.Get(url)\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\treturn response.StatusCode, nil\n}\n",
        ),
        (
            "main.go",
            "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/m/app\"\n\t\"example.com/m/work\"\n)\n\nfunc main() {\n\t_ = app.Read(\"x\")\n\thttp.HandleFunc(\"/\", serve)\n\t_ = http.ListenAndServe(\":0\", nil)\n}\n\nfunc serve(w http.ResponseWriter, r *http.Request) {\n\t_, _ = work.Ask(\"http://localhost\")\n}\n",
        ),
        // A field that something elsewhere may release.
        (
            "internal/kept/kept.go",
            "package kept\n\nimport \"os\"\n\ntype Log struct {\n\tFile *os.File\n\tname string\n}\n\nfunc Open(name string) (*Log, error) {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn &Log{File: f, name: name}, nil\n}\n\nfunc (l *Log) Close() error {\n\tl.name = \"\"\n\treturn nil\n}\n",
        ),
        (
            "user/user.go",
            "package user\n\nimport \"example.com/m/internal/kept\"\n\nfunc Name(l *kept.Log) bool { return l.File == nil }\n",
        ),
        // Comments of a file that speak of findings and of parameters.
        (
            "quiet/quiet.go",
            "package quiet\n\nimport \"os\"\n\n//caulk:owns g\nfunc Take(f *os.File) {}\n\nfunc Read(name string) {\n\t//caulk:ignore unclosed-file it is for the test\n\tf, _ := os.Open(name)\n\t_, _ = f.Stat()\n}\n",
        ),
        ("broken/broken.go", "package broken\n\nfunc Half( {\n"),
        ("nested/go.mod", "module example.com/nested\n\ngo 1.26\n"),
        (
            "nested/n.go",
            "package nested\n\nimport \"os\"\n\nfunc Read(name string) {\n\tf, _ := os.Open(name)\n\t_, _ = f.Stat()\n}\n",
        ),
    ])
}

/// What a check prints, with what it counts, but not how it came by it.
fn shown(mut ran: Ran) -> (Ran, String) {
    let (counts, how): (Vec<&str>, Vec<&str>) = ran
        .stderr
        .lines()
        .filter(|line| !line.starts_with("stats: time"))
        .partition(|line| !line.starts_with("stats: cache"));
    let how = how.join("\n");
    ran.stderr = counts.join("\n");
    (ran, how)
}

fn check(world: &World, threads: usize, more: &[&str]) -> (Ran, String) {
    let mut command = world.caulk(&[CHECK, more].concat());
    command.env("RAYON_NUM_THREADS", threads.to_string());
    shown(world.ran(command.output().unwrap()))
}

/// Checks with the cache, and says how much of it was of use. It prints what a check without it prints.
fn again(world: &World, what: &str) -> String {
    again_with(world, what, &[])
}

fn again_with(world: &World, what: &str, more: &[&str]) -> String {
    let (anew, _) = check(world, 2, &[more, &["--no-cache"]].concat());
    let (ran, how) = check(world, 1, more);
    assert_eq!(ran, anew, "{what} {more:?}: {how}");
    how
}

fn replace(world: &World, path: &str, from: &str, to: &str) {
    let text = world.read(path);
    assert!(text.contains(from), "{path} has no {from}");
    world.write(path, text.replacen(from, to, 1));
}

fn used(packages: usize, of: usize) -> String {
    let again = of - packages;
    format!("stats: cache used for {packages} of {of} packages: {again} followed again")
}

#[test]
fn only_what_depends_on_an_edit_is_followed_again() {
    let world = world();
    // With the package that is only built for Windows, and the external tests.
    let all = 15;
    assert_eq!(again(&world, "first"), "stats: cache miss");
    for (path, from, to, left) in [
        // A leaf: itself, and the command that imports it.
        ("work/work.go", "return 0, err", "return 1, err", all - 2),
        // What stands below `app`, with its tests, in both builds.
        (
            "store/store.go",
            "_, _ = f.Stat()",
            "_ = f.Close()",
            all - 6,
        ),
        (
            "store/store.go",
            "_ = f.Close()",
            "_, _ = f.Stat()",
            all - 6,
        ),
        // A test, which nobody looks at, in both builds.
        (
            "store/store_test.go",
            "t.Fatal(err)",
            "t.Skip(err)",
            all - 2,
        ),
        // An implementer, and whoever asked for one.
        (
            "printer/printer.go",
            "_, err :=",
            "p.n++\n\t_, err :=",
            all - 2,
        ),
        // A caller that decides how often another function runs.
        (
            "main.go",
            "_, _ = work.Ask(\"http://localhost\")",
            "_ = \"nothing\"",
            all - 2,
        ),
        // A use of a field far from where it is filled.
        (
            "user/user.go",
            "l.File == nil",
            "l.File.Close() == nil",
            all - 2,
        ),
        // Names that nothing else has.
        ("quiet/quiet.go", "owns g", "owns f", all - 1),
        ("broken/broken.go", "Half( {", "Half() {}", all - 1),
        ("nested/n.go", "_, _ = f.Stat()", "f.Close()", all - 1),
    ] {
        replace(&world, path, from, to);
        assert_eq!(again(&world, path), used(left, all), "{path}: {to}");
        assert!(again(&world, path).contains("cache hit"));
    }
}

#[test]
fn declarations_that_change_are_seen_where_they_are_used() {
    let world = world();
    again(&world, "first");
    for (path, from, to) in [
        (
            "store/store.go",
            "type Item struct{ Name string }",
            "type Item struct{ Name int }",
        ),
        (
            "store/store.go",
            "func Use(f *os.File)",
            "func Use(f *os.File, more ...int)",
        ),
        (
            "printer/printer.go",
            "Take(r io.Reader) error",
            "Take(r io.Writer) error",
        ),
        (
            "printer/printer.go",
            "Take(r io.Writer) error",
            "Take(r io.Reader) error",
        ),
        (
            "sink/sink.go",
            "Take(r io.Reader) error",
            "Take(r io.Reader) (err error)",
        ),
        (
            "sink/sink.go",
            "Take(r io.Reader) (err error)",
            "Give(r io.Reader) error",
        ),
        ("internal/kept/kept.go", "File *os.File", "Other *os.File"),
        ("middle/middle.go", "func Use(", "func Use2("),
        ("main.go", "package main", "package notmain"),
        (
            "work/work.go",
            "package work",
            "//go:build windows\n\npackage work",
        ),
        ("work/work.go", "//go:build windows\n\n", ""),
        ("store/store_test.go", "package store_test", "package store"),
    ] {
        replace(&world, path, from, to);
        let how = again(&world, path);
        assert!(how.contains("cache used"), "{path}: {to}: {how}");
    }
}

#[test]
fn edits_outside_of_what_was_asked_for_are_seen() {
    let world = world();
    let asked: [&[&str]; 3] = [
        &["./app"],
        &["./sink", "./main.go"],
        &["--no-tests", "./store"],
    ];
    for more in asked {
        again_with(&world, "first", more);
    }
    for (path, from, to) in [
        ("store/store.go", "_, _ = f.Stat()", "_ = f.Close()"),
        ("middle/middle.go", "store.Use(f)", "store.Use(f); more()"),
        ("store/store_test.go", "store.Use(f)", "f.Close()"),
        ("printer/printer.go", "_, err :=", "p.n++\n\t_, err :="),
        (
            "store/store.go",
            "func Use(f *os.File)",
            "func Use(f *os.File, more ...int)",
        ),
    ] {
        replace(&world, path, from, to);
        for more in asked {
            again_with(&world, path, more);
        }
    }
}

#[test]
fn packages_and_modules_that_come_and_go_are_seen() {
    let world = world();
    again(&world, "first");
    let leak = world.read("nested/n.go");
    // A new package holds nothing that others lack, unless they looked for it.
    world.write("aaa/new.go", leak.replace("package nested", "package aaa"));
    assert_eq!(again(&world, "a package"), used(15, 16));
    world.write("app/more.go", leak.replace("package nested", "package app"));
    assert_eq!(again(&world, "a file"), used(14, 16));
    fs::remove_file(world.path("app/more.go")).unwrap();
    assert_eq!(again(&world, "no file"), used(14, 16));
    world.write("app/README.md", "no Go");
    assert_eq!(again(&world, "a note"), used(16, 16));
    replace(
        &world,
        "app/app.go",
        "\"os\"\n",
        "\"os\"\n\t_ \"example.com/m/late\"\n",
    );
    again(&world, "an import of nothing");
    world.write(
        "late/late.go",
        leak.replace("package nested", "package late"),
    );
    assert_eq!(again(&world, "what it imports"), "stats: cache miss");
    fs::remove_dir_all(world.path("late")).unwrap();
    assert_eq!(again(&world, "nothing again"), "stats: cache miss");
    world.write("go.mod", "module example.com/m\n\ngo 1.20\n");
    assert_eq!(again(&world, "go.mod"), "stats: cache miss");
    world.write("aaa/go.mod", "module example.com/aaa\n\ngo 1.26\n");
    assert_eq!(again(&world, "a module"), "stats: cache miss");
    world.write(
        "caulk.toml",
        "[[contract]]\nfunc = \"example.com/m/work.Ask\"\nfree = true\n",
    );
    again(&world, "caulk.toml");
}

#[test]
fn damaged_parts_change_nothing() {
    let world = world();
    again(&world, "first");
    let edit = |n: usize| {
        let text = world.read("app/app.go");
        world.write("app/app.go", format!("{text}\n// {n}\n"));
    };
    let entries = || -> Vec<PathBuf> {
        let entries = fs::read_dir(world.cache()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    assert_eq!(entries().len(), 2, "one check, two entries");
    let mut n = 0;
    for which in 0..2 {
        for damage in [
            |whole: &[u8]| Vec::from(&whole[..whole.len() / 2]),
            |whole: &[u8]| [whole, b"more"].concat(),
            |whole: &[u8]| {
                let mut flipped = whole.to_vec();
                flipped[whole.len() / 2] ^= 1;
                flipped
            },
            |_: &[u8]| Vec::new(),
        ] {
            n += 1;
            let entry = &entries()[which];
            fs::write(entry, damage(&fs::read(entry).unwrap())).unwrap();
            edit(n);
            assert_eq!(again(&world, "damaged"), "stats: cache miss");
            edit(n);
            assert!(again(&world, "mended").contains("cache used"));
        }
    }
    // Parts of another run than the findings are of.
    let old: Vec<(PathBuf, Vec<u8>)> = entries()
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    for (path, bytes) in old {
        edit(n);
        again(&world, "newer");
        fs::write(path, bytes).unwrap();
        edit(n);
        again(&world, "one old and one new entry");
    }
}

#[test]
fn checks_at_once_after_an_edit() {
    let world = world();
    again(&world, "first");
    for round in 0..3 {
        replace(
            &world,
            "store/store.go",
            "func Use(",
            &format!("var _ = {round}\n\nfunc Use("),
        );
        let (anew, _) = check(&world, 2, &["--no-cache"]);
        let running: Vec<_> = (0..4)
            .map(|threads: usize| {
                let mut command = world.caulk(CHECK);
                command.env("RAYON_NUM_THREADS", (1 + threads % 2).to_string());
                command.stdout(std::process::Stdio::piped());
                command.stderr(std::process::Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in running {
            let (ran, how) = shown(world.ran(child.wait_with_output().unwrap()));
            assert_eq!(ran, anew, "round {round}: {how}");
        }
    }
}

// ---- any tree

/// A copy of a tree is edited at random, again and again:
///
///     CAULK_EDIT_TREE=DIR CAULK_EDITS=40 cargo test -p caulk --test cli -- --ignored --nocapture random_edits
///
/// `CAULK_SEED` gives other edits, `CAULK_BINARY` another caulk.
#[test]
#[ignore = "takes a tree, and minutes"]
#[allow(clippy::print_stdout)]
fn random_edits() {
    let set = |name: &str| std::env::var(name).ok();
    let tree = set("CAULK_EDIT_TREE").expect("CAULK_EDIT_TREE=DIR says which tree");
    let edits: usize = set("CAULK_EDITS").map_or(40, |count| count.parse().unwrap());
    let seed: u64 = set("CAULK_SEED").map_or(1, |seed| seed.parse().unwrap());
    let program = set("CAULK_BINARY").unwrap_or(env!("CARGO_BIN_EXE_caulk").to_owned());
    let world = World::new();
    copy(Path::new(&tree), &world.path("tree"));
    let mut editor = Editor {
        root: world.path("tree"),
        random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        originals: BTreeMap::new(),
    };
    let run = |threads: usize, more: &[&str]| {
        let mut command = world.command(&program);
        command.args([CHECK, more].concat());
        command.current_dir(world.path("tree"));
        command.env("RAYON_NUM_THREADS", threads.to_string());
        shown(world.ran(command.output().unwrap()))
    };
    run(2, &[]);
    for n in 0..edits {
        let what: Vec<String> = (0..=editor.below(3)).map(|_| editor.edit()).collect();
        let (anew, _) = run(2, &["--no-cache"]);
        let (ran, how) = run(1 + n % 2, &[]);
        println!("{n}: {}: {how}", what.join(", "));
        assert!(
            ran == anew,
            "{n} of seed {seed}: other bytes after {what:?}: {how}"
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&from, &to),
            kind if kind.is_file() => drop(fs::copy(&from, &to).unwrap()),
            _ => {}
        }
    }
}

struct Editor {
    root: PathBuf,
    random: u64,
    /// Files before they were edited or removed; those that were not there have no text.
    originals: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Editor {
    fn below(&mut self, bound: usize) -> usize {
        // Marsaglia's xorshift.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % bound as u64) as usize
    }

    fn any_file(&mut self) -> PathBuf {
        let mut files = Vec::new();
        go_files(&self.root, &mut files);
        files.sort();
        let index = self.below(files.len());
        files[index].clone()
    }

    fn write(&mut self, path: &Path, text: Option<Vec<u8>>) {
        let before = fs::read(path).ok();
        self.originals.entry(path.to_owned()).or_insert(before);
        match text {
            Some(text) => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            None => drop(fs::remove_file(path)),
        }
    }

    /// Edits something, and says what.
    fn edit(&mut self) -> String {
        let path = self.any_file();
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let holding = |word: &str| -> Vec<usize> {
            let all = lines.iter().enumerate();
            all.filter(|(_, line)| line.contains(word))
                .map(|(i, _)| i)
                .collect()
        };
        let joined = |lines: Vec<String>| Some((lines.join("\n") + "\n").into_bytes());
        let owned = || -> Vec<String> { lines.iter().map(|line| (*line).to_owned()).collect() };
        let place = path.strip_prefix(&self.root).unwrap().display().to_string();
        let kinds = [
            "touch",
            "drop a line with Close",
            "return early",
            "rename a type",
            "change a signature",
            "remove",
            "copy",
            "new package",
            "other build",
            "broken",
            "go.mod",
            "undo",
            "undo",
            "call something",
            "field used",
            "method",
            "note",
            "drop any line",
            "loop",
            "go",
        ];
        let kind = kinds[self.below(kinds.len())];
        let pick = |editor: &mut Editor, from: &[usize]| match from.len() {
            0 => None,
            len => Some(from[editor.below(len)]),
        };
        let insert = |at: usize, line: &str| {
            let mut lines = owned();
            lines.insert((at + 1).min(lines.len()), line.to_owned());
            joined(lines)
        };
        let functions = holding("func ");
        let statements = holding(":= ");
        let new = match kind {
            "touch" => Some(format!("{text}\n// touched\n").into_bytes()),
            "drop a line with Close" => pick(self, &holding("Close()")).and_then(|at| {
                let mut lines = owned();
                lines.remove(at);
                joined(lines)
            }),
            "drop any line" => pick(self, &holding("")).and_then(|at| {
                let mut lines = owned();
                lines.remove(at);
                joined(lines)
            }),
            "return early" => pick(self, &statements).and_then(|at| insert(at, "\treturn")),
            "rename a type" => pick(self, &holding("type ")).and_then(|at| {
                let mut lines = owned();
                lines[at] = lines[at].replacen("type ", "type Re", 1);
                joined(lines)
            }),
            "change a signature" => pick(self, &functions).and_then(|at| {
                let mut lines = owned();
                lines[at] = lines[at].replacen(") {", ", extra int) {", 1);
                joined(lines)
            }),
            "loop" => pick(self, &functions).and_then(|at| {
                let mut lines = owned();
                lines[at] = lines[at].replacen(" {", " { for range 3 { func() {", 1);
                joined(lines)
            }),
            "remove" => {
                self.write(&path, None);
                return format!("{kind} {place}");
            }
            "copy" => {
                let to = path.with_file_name(format!("zz_{}.go", self.below(1000)));
                self.write(&to, Some(text.into_bytes()));
                return format!("{kind} {place}");
            }
            "new package" => {
                let folder = path.parent().unwrap().join(format!("zz{}", self.below(1000)));
                self.write(&folder.join("zz.go"), Some(text.into_bytes()));
                return format!("{kind} {place}");
            }
            "other build" => Some(format!("//go:build windows\n\n{text}").into_bytes()),
            "broken" => pick(self, &functions).and_then(|at| insert(at, "}}{")),
            "go.mod" => {
                let path = self.root.join("go.mod");
                let text = fs::read_to_string(&path).unwrap_or_default();
                self.write(&path, Some(format!("{text}\n// edited\n").into_bytes()));
                return kind.to_owned();
            }
            "undo" => {
                let edited: Vec<PathBuf> = self.originals.keys().cloned().collect();
                if edited.is_empty() {
                    return "nothing to undo".to_owned();
                }
                let path = edited[self.below(edited.len())].clone();
                let original = self.originals.remove(&path).flatten();
                self.write(&path, original);
                self.originals.remove(&path);
                return format!("{kind} {}", path.strip_prefix(&self.root).unwrap().display());
            }
            "call something" => pick(self, &statements).and_then(|at| {
                let names: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("func ")).collect();
                let name = names.iter().filter_map(|line| line.split('(').next()).find(|name| !name.is_empty())?;
                insert(at, &format!("\tgo {name}()"))
            }),
            "go" => pick(self, &statements).and_then(|at| insert(at, "\tgo func() { select {} }()")),
            "field used" => pick(self, &statements).and_then(|at| insert(at, "\tx.conn.Close(); x.File.Close()")),
            "method" => Some(format!("{text}\nfunc (zz *zzT) Read(p []byte) (int, error) {{ return 0, nil }}\n\nfunc (zz *zzT) Close() error {{ return nil }}\n\ntype zzT struct{{}}\n").into_bytes()),
            "note" => {
                let to = path.with_file_name("NOTE.txt");
                self.write(&to, Some(b"a note".to_vec()));
                return format!("{kind} beside {place}");
            }
            _ => None,
        };
        match new {
            Some(new) => {
                self.write(&path, Some(new));
                format!("{kind} {place}")
            }
            None => format!("nothing to do for {kind}"),
        }
    }
}

fn go_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let skipped = ["vendor", "testdata", ".git", "node_modules"];
        if entry.file_type().unwrap().is_dir() {
            if !skipped.iter().any(|skipped| *name == **skipped) {
                go_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "go") {
            found.push(path);
        }
    }
}
