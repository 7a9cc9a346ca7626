//! Stack frames, and which of them are the user's own code.

use std::collections::BTreeSet;

use caulk_flow::Symbol;

/// One frame of a stack, as a profile or a goroutine dump names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame {
    /// Runtime symbol: `example.com/m/store.(*DB).Load.func1`.
    pub function: String,
    /// File as the binary recorded it: absolute, or below the import path with `-trimpath`.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// The line is that of the instruction *after* the call: so it is in the frames of ancestors,
    /// which the runtime keeps as return addresses.
    pub after_call: bool,
}

impl Frame {
    /// The import path of the function's package (`main` for a program's own).
    ///
    /// ```
    /// use caulk_evidence::Frame;
    /// let frame = |function: &str| Frame {
    ///     function: function.to_owned(), file: String::new(), line: 0, after_call: false,
    /// };
    /// assert_eq!(frame("example.com/m.v2/store.(*DB).Load.func1").package(), "example.com/m.v2/store");
    /// assert_eq!(frame("main.main").package(), "main");
    /// ```
    #[must_use]
    pub fn package(&self) -> String {
        Symbol::package_of(&self.function)
    }
}

/// The user's module: which frames are in it, and in which of its files.
#[derive(Debug, Clone, Default)]
pub struct UserCode {
    /// Module path: `example.com/m`.
    pub module: String,
    /// Folder of the program's main package relative to the module's root, with `/`; empty for the
    /// root itself.
    pub main_folder: String,
    /// The module's Go files, relative to its root, with `/`.
    pub files: BTreeSet<String>,
}

impl UserCode {
    /// The file of a frame, relative to the module's root, where the frame is the user's own code.
    ///
    /// The package decides and not the path in the profile: the program may have been built on
    /// another machine, or with `-trimpath`.
    #[must_use]
    pub fn file_of(&self, frame: &Frame) -> Option<&str> {
        let base = frame.file.rsplit(['/', '\\']).next()?;
        let package = frame.package();
        let folder = if package == "main" {
            self.main_folder.as_str()
        } else if package == self.module {
            ""
        } else {
            package.strip_prefix(&self.module)?.strip_prefix('/')?
        };
        let path = if folder.is_empty() {
            base.to_owned()
        } else {
            format!("{folder}/{base}")
        };
        self.files.get(&path).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, file: &str) -> Frame {
        Frame {
            function: function.to_owned(),
            file: file.to_owned(),
            line: 1,
            after_call: false,
        }
    }

    fn code() -> UserCode {
        UserCode {
            module: "example.com/m".to_owned(),
            main_folder: "cmd/server".to_owned(),
            files: ["cmd/server/main.go", "store/db.go", "root.go"]
                .into_iter()
                .map(str::to_owned)
                .collect(),
        }
    }

    #[test]
    fn a_program_built_elsewhere_is_still_the_users_code() {
        let code = code();
        let db = frame(
            "example.com/m/store.(*DB).Load.func1",
            "/elsewhere/m/store/db.go",
        );
        assert_eq!(code.file_of(&db), Some("store/db.go"));
        let trimmed = frame("example.com/m/store.Open[...]", "example.com/m/store/db.go");
        assert_eq!(code.file_of(&trimmed), Some("store/db.go"));
        assert_eq!(
            code.file_of(&frame("main.main", "/b/main.go")),
            Some("cmd/server/main.go")
        );
        assert_eq!(
            code.file_of(&frame("example.com/m.Run", "/b/root.go")),
            Some("root.go")
        );
    }

    #[test]
    fn a_module_whose_path_begins_alike_is_not_the_users_code() {
        let code = code();
        assert_eq!(
            code.file_of(&frame("example.com/mother/store.Open", "/b/store/db.go")),
            None
        );
        assert_eq!(
            code.file_of(&frame(
                "net/http.(*Client).Do",
                "/go/src/net/http/client.go"
            )),
            None
        );
        assert_eq!(code.file_of(&frame("", "")), None);
    }

    #[test]
    fn a_module_with_a_dot_in_its_last_element_is_the_users_code() {
        let code = UserCode {
            module: "gopkg.in/m.v2".to_owned(),
            files: ["root.go".to_owned()].into(),
            ..UserCode::default()
        };
        let run = frame("gopkg.in/m%2ev2.Run.func1", "/b/root.go");
        assert_eq!(code.file_of(&run), Some("root.go"));
    }
}
