//! A temporary folder to run caulk in, with an environment of which nothing is left to chance.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// A folder of one test.
pub struct World {
    folder: tempfile::TempDir,
    /// The system's temporary folder, as programs in this world see it: cases that a hunt keeps go with it.
    temporary: tempfile::TempDir,
}

/// What came of one command: the three things that a user notices.
#[derive(Debug, PartialEq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> World {
        World {
            folder: tempfile::tempdir().unwrap(),
            temporary: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with these files.
    pub fn with(files: &[(&str, &str)]) -> World {
        let world = World::new();
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// A program in this folder and in the clean environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear();
        command.envs(environment().iter().map(|(name, value)| (name, value)));
        command.env("TMPDIR", self.temporary.path());
        command.env("CAULK_CACHE", self.cache());
        command
    }

    /// Where caulk keeps what it found in this world.
    pub fn cache(&self) -> PathBuf {
        self.temporary.path().join("cache")
    }

    /// caulk, to be run in this folder.
    pub fn caulk(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_caulk"));
        command.args(arguments);
        command
    }

    /// Runs caulk to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(self.caulk(arguments).output().unwrap())
    }

    /// What a user sees, with the folder of the test as `[HERE]` and times as `[TIME]`.
    pub fn ran(&self, output: Output) -> Ran {
        let here = self.folder.path().to_str().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            without_times(&text.replace(here, "[HERE]"))
        };
        Ran {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Builds the Go module of a folder of this one into `program` beside it.
    pub fn go_build(&self, folder: &str) -> PathBuf {
        let program = self.path("program");
        let output = self
            .command("go")
            .args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(self.path(folder))
            .output()
            .expect("these tests need Go");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        program
    }
}

impl Ran {
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Ran {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub fn stderr_has(self, text: &str) -> Ran {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub fn says_nothing_on_stdout(self) -> Ran {
        assert_eq!(self.stdout, "", "{self:#?}");
        self
    }
}

/// The environment of a machine with Go and without settings: caches stay where they are, so that
/// the standard library is built once.
fn environment() -> &'static [(String, String)] {
    static ENVIRONMENT: OnceLock<Vec<(String, String)>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let go = |name: &str| {
            let output = Command::new("go")
                .args(["env", name])
                .output()
                .expect("these tests need Go");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let fixed = [
            ("TZ", "UTC".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", std::env::temp_dir().to_str().unwrap().to_owned()),
            ("GOENV", "off".to_owned()),
            ("GOTOOLCHAIN", "local".to_owned()),
            ("GOPROXY", "off".to_owned()),
            ("GOCACHE", go("GOCACHE")),
            ("GOMODCACHE", go("GOMODCACHE")),
        ];
        fixed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// `1.25 s`, `310 ms` and `12.5s` become `[TIME]`.
fn without_times(text: &str) -> String {
    const UNITS: [&str; 4] = ["ms", "µs", "ns", "s"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        out.push_str(before);
        let end = number
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(number.len());
        let (digits, after) = number.split_at(end);
        let unit = after.trim_start_matches(' ');
        let ends = |unit: &str| !unit.starts_with(|c: char| c.is_alphanumeric());
        let time = UNITS
            .iter()
            .find_map(|name| unit.strip_prefix(name).filter(|rest| ends(rest)));
        let begins = !out.ends_with(|c: char| c.is_alphanumeric() || c == '.');
        match time {
            Some(after) if begins => {
                out.push_str("[TIME]");
                rest = after;
            }
            _ => {
                out.push_str(digits);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A port of the loopback interface that nothing listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Two hunts at once on two cores would wait for each other, and measure each other.
pub fn alone() -> MutexGuard<'static, ()> {
    static HUNTING: Mutex<()> = Mutex::new(());
    HUNTING
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether a process of this number is there and has not ended.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in parentheses. A zombie has ended.
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

/// Waits until something is so, for some seconds at most.
#[track_caller]
pub fn wait_until(what: &str, so: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(
            start.elapsed().as_secs() < 60,
            "waited in vain until {what}"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Files of a folder, by name.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Sends Ctrl-C to a process.
pub fn interrupt(child: &std::process::Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}
