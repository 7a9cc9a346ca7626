//! The profile package of the real `go tool pprof`, asked in a process of its own.

use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use caulk_profile::{Limits, Profile, ReadError, read, read_as_pprof};

use crate::capture::run;
use crate::oracle::describe;

/// What the reference makes of bytes.
pub enum Answer {
    Profile(Box<Profile>),
    /// An error, or what it panicked with.
    Refused(String),
}

struct Reference {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Reference {
    fn start() -> Reference {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let goroot = Command::new("go").args(["env", "GOROOT"]).output();
        let goroot = goroot.unwrap_or_else(|error| panic!("cannot run go: {error}; this needs Go"));
        let goroot = String::from_utf8(goroot.stdout).unwrap();
        let package =
            Path::new(goroot.trim()).join("src/cmd/vendor/github.com/google/pprof/profile");
        std::fs::create_dir(at("profile")).unwrap();
        for entry in std::fs::read_dir(&package).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), at("profile").join(entry.file_name())).unwrap();
        }
        let main = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/reference/main.go");
        std::fs::copy(main, at("main.go")).unwrap();
        std::fs::write(at("go.mod"), "module reference\n\ngo 1.24\n").unwrap();
        let mut build = Command::new("go");
        build.args(["build", "-o", "reference", "."]);
        build.current_dir(folder.path());
        build.env("GOWORK", "off").env("GOFLAGS", "");
        run(&mut build);
        let mut child = Command::new(at("reference"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Reference {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            _folder: folder,
        }
    }

    fn ask(&mut self, bytes: &[u8]) -> Answer {
        let length = u32::try_from(bytes.len()).unwrap();
        self.input.write_all(&length.to_le_bytes()).unwrap();
        self.input.write_all(bytes).unwrap();
        self.input.flush().unwrap();
        let mut head = [0; 5];
        if let Err(error) = self.output.read_exact(&mut head) {
            panic!("the reference died: {error} {:?}", self.child.try_wait());
        }
        let [kind, length @ ..] = head;
        let mut answer = vec![0; u32::from_le_bytes(length) as usize];
        self.output.read_exact(&mut answer).unwrap();
        let message = || String::from_utf8_lossy(&answer).into_owned();
        match kind {
            b'p' => Answer::Profile(Box::new(read(&answer, Limits::default()).unwrap())),
            b'e' => Answer::Refused(message()),
            _ => Answer::Refused(format!("panic: {}", message())),
        }
    }
}

pub fn ask(bytes: &[u8]) -> Answer {
    static REFERENCE: OnceLock<Mutex<Reference>> = OnceLock::new();
    let reference = REFERENCE.get_or_init(|| Mutex::new(Reference::start()));
    // A failed test does not spoil it: between questions nothing is under way.
    let mut reference = reference
        .lock()
        .unwrap_or_else(|poison| poison.into_inner());
    reference.ask(bytes)
}

/// What two readers differ in, if they do: what `read_as_pprof` makes of the bytes is to be what
/// the reference does, an error where it has one.
pub fn difference(bytes: &[u8]) -> Option<String> {
    let ours = read_as_pprof(bytes, Limits::default());
    match (ask(bytes), &ours) {
        (Answer::Profile(theirs), Ok(ours)) => {
            let (ours, theirs) = (describe_with_zeros(ours), normalized(describe(&theirs)));
            (ours != theirs).then(|| {
                let at = ours.iter().zip(&theirs).position(|(a, b)| a != b);
                let at = at.unwrap_or(ours.len().min(theirs.len()));
                format!("ours {:?}, theirs {:?}", ours.get(at), theirs.get(at))
            })
        }
        (Answer::Refused(_), Err(_)) => None,
        (Answer::Refused(why), Ok(_)) => Some(format!("ours a profile, theirs {why}")),
        (Answer::Profile(_), Err(why)) => Some(format!("ours {why}, theirs a profile")),
    }
}

/// As the reference program marks labels of 0 without a unit.
fn describe_with_zeros(profile: &Profile) -> Vec<String> {
    let mut said = describe(profile);
    for line in &mut said {
        if line.starts_with("label ") && line.ends_with("\" 0 \"\"") {
            line.truncate(line.len() - 1);
            line.push_str("zero\"");
        }
    }
    normalized(said)
}

/// The reference orders the labels of a sample when it writes, and drops texts that are empty.
fn normalized(mut said: Vec<String>) -> Vec<String> {
    let is_label = |line: &String| line.starts_with("label ");
    said.retain(|line| !(is_label(line) && line.ends_with("\" \"\"")));
    for labels in said.chunk_by_mut(|a, b| is_label(a) && is_label(b)) {
        labels.sort();
    }
    said
}

/// That both read the bytes, and as the same.
pub fn assert_same(name: &str, bytes: &[u8]) -> Profile {
    if let Some(difference) = difference(bytes) {
        panic!("{name}: {difference}\n{}", String::from_utf8_lossy(bytes));
    }
    read_as_pprof(bytes, Limits::default())
        .unwrap_or_else(|error| panic!("{name}: failed to {error}"))
}

/// That neither reads the bytes.
pub fn assert_neither(name: &str, bytes: &[u8]) -> ReadError {
    if let Some(difference) = difference(bytes) {
        panic!("{name}: {difference}");
    }
    read_as_pprof(bytes, Limits::default()).expect_err(name)
}
