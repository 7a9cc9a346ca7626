//! `go.mod`, `go.work` and `vendor/modules.txt`: only what resolution needs, and whatever of it can be read.

use super::version;

/// A module at a version; the version is empty where the file gives none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleVersion {
    /// Module path.
    pub path: String,
    /// Semantic version, or empty.
    pub version: String,
}

/// `replace old => new`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replace {
    /// An empty version replaces every version.
    pub old: ModuleVersion,
    /// A path that begins with `./`, `../` or is absolute, without version, is a folder.
    pub new: ModuleVersion,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Require {
    pub module: ModuleVersion,
    /// 1-based line in the file.
    pub line: u32,
}

/// What a `go.mod` or `go.work` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModFile {
    pub module: String,
    /// Minor number of the `go` line.
    pub go: Option<u32>,
    /// Settings of the `godebug` lines: name, value.
    pub godebug: Vec<(String, String)>,
    pub require: Vec<Require>,
    pub replace: Vec<Replace>,
    pub exclude: Vec<ModuleVersion>,
    /// Folders of a `go.work`.
    pub use_dirs: Vec<String>,
    pub ignore: Vec<String>,
}

impl ModFile {
    pub fn parse(text: &str) -> ModFile {
        let mut file = ModFile::default();
        let mut block: Option<String> = None;
        for (index, line) in text.lines().enumerate() {
            let mut words = words(line);
            if words.is_empty() {
                continue;
            }
            if words.first().is_some_and(|w| w == ")") {
                block = None;
                continue;
            }
            let verb = match &block {
                Some(verb) => verb.clone(),
                None => {
                    let verb = words.remove(0);
                    if words.first().is_some_and(|w| w == "(") {
                        block = Some(verb);
                        continue;
                    }
                    verb
                }
            };
            file.line(&verb, &words, u32::try_from(index + 1).unwrap_or(u32::MAX));
        }
        file
    }

    fn line(&mut self, verb: &str, words: &[String], line: u32) {
        let module = |path: &String, version: Option<&String>| ModuleVersion {
            path: path.clone(),
            version: version.cloned().unwrap_or_default(),
        };
        match (verb, words) {
            ("module", [path, ..]) => self.module = path.clone(),
            ("go", [version, ..]) => self.go = version::go_minor(version),
            ("godebug", [setting, ..]) => {
                if let Some((name, value)) = setting.split_once('=') {
                    self.godebug.push((name.to_owned(), value.to_owned()));
                }
            }
            ("require", [path, version, ..]) => {
                self.require.push(Require {
                    module: module(path, Some(version)),
                    line,
                });
            }
            ("exclude", [path, version, ..]) => self.exclude.push(module(path, Some(version))),
            ("use", [dir, ..]) => self.use_dirs.push(dir.clone()),
            ("ignore", [dir, ..]) => self.ignore.push(dir.clone()),
            ("replace", words) => {
                let Some(arrow) = words.iter().position(|w| w == "=>") else {
                    return;
                };
                let (old, new) = words.split_at(arrow);
                if let ([old, old_version @ ..], [_, new, new_version @ ..]) = (old, new) {
                    self.replace.push(Replace {
                        old: module(old, old_version.first()),
                        new: module(new, new_version.first()),
                    });
                }
            }
            _ => {}
        }
    }
}

impl Replace {
    pub fn applies_to(&self, module: &ModuleVersion) -> bool {
        self.old.path == module.path
            && (self.old.version.is_empty() || self.old.version == module.version)
    }

    pub fn is_folder(&self) -> bool {
        self.new.version.is_empty()
    }
}

/// Words of a line, without its `//` comment; a word may be quoted.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with("//") {
        let (word, after) = match rest.chars().next() {
            Some(quote @ ('"' | '`')) => {
                let inner = rest.get(1..).unwrap_or("");
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            Some('(') | Some(')') => rest.split_at(1),
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
                    .unwrap_or(rest.len());
                rest.split_at(end.max(1))
            }
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// A module listed by `vendor/modules.txt`, with the packages that were copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VendoredModule {
    pub module: ModuleVersion,
    pub go: Option<u32>,
    pub packages: Vec<String>,
}

pub(crate) fn parse_vendor_list(text: &str) -> Vec<VendoredModule> {
    let mut modules: Vec<VendoredModule> = Vec::new();
    for line in text.lines() {
        if let Some(markers) = line.strip_prefix("## ") {
            let go = markers
                .split(';')
                .find_map(|m| m.trim().strip_prefix("go "));
            if let (Some(module), Some(go)) = (modules.last_mut(), go) {
                module.go = version::go_minor(go);
            }
        } else if let Some(header) = line.strip_prefix("# ") {
            let mut words = header.split_ascii_whitespace();
            if let Some(path) = words.next() {
                let version = words.next().filter(|w| *w != "=>").unwrap_or_default();
                modules.push(VendoredModule {
                    module: ModuleVersion {
                        path: path.to_owned(),
                        version: version.to_owned(),
                    },
                    go: None,
                    packages: Vec::new(),
                });
            }
        } else if !line.trim().is_empty()
            && let Some(module) = modules.last_mut()
        {
            module.packages.push(line.trim().to_owned());
        }
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_mod() {
        let file = ModFile::parse(
            "// comment\nmodule \"example.com/m\" // trailing\n\ngo 1.21.3\n\nrequire (\n\ta.b/c v1.2.3 // indirect\n\td.e/f v0.0.1\n)\nrequire g.h/i v1.0.0\n\
             replace a.b/c => ../c\nreplace (\n\td.e/f v0.0.1 => x.y/z v1.1.1\n)\nexclude g.h/i v0.9.0\nretract v1.0.0\n",
        );
        assert_eq!(file.module, "example.com/m");
        assert_eq!(file.go, Some(21));
        let required: Vec<_> = file
            .require
            .iter()
            .map(|r| (r.module.path.as_str(), r.line))
            .collect();
        assert_eq!(required, [("a.b/c", 7), ("d.e/f", 8), ("g.h/i", 10)]);
        assert!(file.replace[0].is_folder());
        assert!(file.replace[1].applies_to(&ModuleVersion {
            path: "d.e/f".into(),
            version: "v0.0.1".into()
        }));
        assert!(!file.replace[1].applies_to(&ModuleVersion {
            path: "d.e/f".into(),
            version: "v0.0.2".into()
        }));
        assert_eq!(file.exclude.len(), 1);
    }

    #[test]
    fn go_work_and_broken_lines() {
        let file =
            ModFile::parse("go 1.22\nuse (\n\t./a\n\t./b\n)\nuse ./c\nreplace =>\nrequire\n)(\n\"");
        assert_eq!(file.use_dirs, ["./a", "./b", "./c"]);
    }

    #[test]
    fn vendor_list() {
        let modules = parse_vendor_list(
            "# a.b/c v1.0.0\n## explicit; go 1.17\na.b/c\na.b/c/d\n# e.f/g v0.1.0 => ../g\n## explicit\ne.f/g\n# h.i/j => ../j\n",
        );
        assert_eq!(modules.len(), 3);
        assert_eq!(modules[0].packages, ["a.b/c", "a.b/c/d"]);
        assert_eq!(modules[0].go, Some(17));
        assert_eq!(modules[2].module.version, "");
    }
}
