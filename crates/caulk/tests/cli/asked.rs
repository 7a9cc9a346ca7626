//! `caulk fix --interactive` at a terminal: what it asks, and how it goes on where it was stopped.
#![cfg(unix)]

use std::process::Command;
use std::time::Duration;

use crate::fixes::{releases, shop};
use crate::world::{Ran, World};

/// A terminal with a shell in the folder of a world.
struct Screen<'w> {
    world: &'w World,
    socket: String,
}

impl<'w> Screen<'w> {
    fn new(world: &'w World) -> Screen<'w> {
        let socket = world.path("").join("../").canonicalize().unwrap();
        let socket = socket.join(format!("caulk-{}-{:p}", std::process::id(), world));
        let screen = Screen {
            world,
            socket: socket.to_str().unwrap().to_owned(),
        };
        let started = screen.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "120",
            "-y",
            "200",
            "/bin/sh",
        ]);
        assert!(
            started.code == Some(0),
            "this test needs tmux: {started:#?}"
        );
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> Ran {
        let mut command = self.world.command("tmux");
        command.args(["-S", &self.socket]).args(arguments);
        self.world
            .ran(command.output().expect("this test needs tmux"))
    }

    /// Types a line.
    fn line(&self, text: &str) {
        assert_eq!(self.tmux(&["send-keys", "-l", text]).code, Some(0));
        self.key("Enter");
    }

    fn key(&self, key: &str) {
        assert_eq!(self.tmux(&["send-keys", key]).code, Some(0));
    }

    fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).stdout
    }

    #[track_caller]
    fn wait_for(&self, text: &str, times: usize) {
        let seen = std::cell::RefCell::new(String::new());
        let so = || {
            *seen.borrow_mut() = self.shown();
            seen.borrow().matches(text).count() >= times
        };
        let start = std::time::Instant::now();
        while !so() {
            let late = start.elapsed() > Duration::from_secs(60);
            assert!(!late, "no {text:?} in\n{}", seen.borrow());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Runs caulk, answers its questions and waits for its end; the code that it ends with.
    fn fix(&self, arguments: &str, answers: &[&str]) -> String {
        self.fix_with("", arguments, answers)
    }

    /// The same with variables set.
    fn fix_with(&self, variables: &str, arguments: &str, answers: &[&str]) -> String {
        // A new shell has an empty screen.
        self.tmux(&["respawn-pane", "-k", "/bin/sh"]);
        let caulk = env!("CARGO_BIN_EXE_caulk");
        self.line(&format!(
            "{variables} {caulk} fix --interactive {arguments}; echo ended $?."
        ));
        for (at, answer) in answers.iter().enumerate() {
            self.wait_for("fix this? [y,n,a,q,e,?]", at + 1);
            match *answer {
                "C-c" => self.key("C-c"),
                answer => self.line(answer),
            }
        }
        self.wait_for("ended ", 2);
        self.shown()
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        drop(
            Command::new("tmux")
                .args(["-S", &self.socket, "kill-server"])
                .output(),
        );
        drop(std::fs::remove_file(&self.socket));
    }
}

#[test]
#[ignore = "needs tmux; .ci/run runs it"]
fn each_fix_is_asked_for_at_a_terminal() {
    let world = shop();
    let screen = Screen::new(&world);
    let shown = screen.fix("", &["?", "y", "n", "y"]);
    for text in [
        "(1 of 3)",
        "f from os.Open is never closed [unclosed-file]",
        "returns with f still open",
        "+       defer f.Close()",
        "a  apply this fix and all that follow",
        "2 findings fixed in 2 files",
        "1 declined, remembered in ",
        "ended 1.",
    ] {
        assert!(shown.contains(text), "no {text:?} in\n{shown}");
    }
    let fixed = ["a/a.go", "b/b.go"].map(|file| releases(&world, file));
    assert_eq!(fixed, [1, 1]);
    // Nothing is asked twice, unless it is wanted or the file changes.
    let shown = screen.fix("", &[]);
    assert!(
        shown.contains("1 declined before: --restart asks again"),
        "{shown}"
    );
    let shown = screen.fix("--restart", &["n"]);
    assert!(shown.contains("(1 of 1)"), "{shown}");
    world.write("a/a.go", world.read("a/a.go") + "\n// More.\n");
    let shown = screen.fix("", &["a"]);
    assert!(shown.contains("ended 0."), "{shown}");
    assert_eq!(releases(&world, "a/a.go"), 2);
}

#[test]
#[ignore = "needs tmux; .ci/run runs it"]
fn a_session_goes_on_where_it_was_stopped() {
    for (stop, code) in [("q", "ended 1."), ("C-c", "ended 130.")] {
        let world = shop();
        let screen = Screen::new(&world);
        let shown = screen.fix("", &["n", "y", stop]);
        assert!(shown.contains("1 not answered"), "{shown}");
        assert!(shown.contains(code), "{shown}");
        assert_eq!(
            [releases(&world, "a/a.go"), releases(&world, "b/b.go")],
            [1, 0]
        );
        let shown = screen.fix("", &["y"]);
        assert!(
            shown.contains("(1 of 1)") && shown.contains("b/b.go"),
            "{shown}"
        );
        assert!(shown.contains("1 declined before"), "{shown}");
        assert_eq!(
            [releases(&world, "a/a.go"), releases(&world, "b/b.go")],
            [1, 1]
        );
    }
}

#[test]
#[ignore = "needs tmux; .ci/run runs it"]
fn a_patch_is_edited_before_it_is_taken() {
    let world = shop();
    world.write(
        "good.sh",
        "sed -i 's/defer f.Close()/defer func() { _ = f.Close() }()/' \"$1\"\n",
    );
    world.write(
        "bad.sh",
        "sed -i 's/defer f.Close()/defer f.Stat()/' \"$1\"\n",
    );
    let screen = Screen::new(&world);
    let shown = screen.fix_with("VISUAL='sh bad.sh'", "./b", &["e", "q"]);
    assert!(
        shown.contains("not taken: it is still lost on some path"),
        "{shown}"
    );
    let shown = screen.fix_with("EDITOR='sh good.sh'", "./b", &["e"]);
    assert!(shown.contains("ended 0."), "{shown}");
    assert!(
        world
            .read("b/b.go")
            .contains("\tdefer func() { _ = f.Close() }()\n")
    );
}
