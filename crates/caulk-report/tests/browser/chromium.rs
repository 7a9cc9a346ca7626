//! A headless Chromium, driven over its DevTools pipe: messages of JSON, each ended by a zero byte.
//!
//! The browser reads them from file descriptor 3 and answers on 4; a shell puts its standard input and
//! output there. It ends when the pipe does, and is ended in any case when the test is over.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a browser is called.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser with one page open.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: String,
    sent: u64,
    /// Whether the pages opened run their scripts.
    scripts: bool,
    /// What the page said by itself: errors, requests.
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

#[allow(dead_code, reason = "each test binary uses a part of it")]
impl Browser {
    /// Starts the browser.
    ///
    /// # Panics
    ///
    /// Where there is none: a page that nobody has looked at is not tested.
    pub fn start() -> Self {
        let program = program();
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1")
            .arg(&program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                // Its sandbox does not work for root, and the pages are our own.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-extensions",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while answers
                .read_until(0, &mut message)
                .is_ok_and(|read| read > 1)
            {
                message.pop();
                let value = serde_json::from_slice(&message).unwrap_or_default();
                message.clear();
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            child,
            to,
            from,
            session: String::new(),
            sent: 0,
            scripts: true,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.ask(
            "Target.attachToTarget",
            json!({"targetId": target["targetId"], "flatten": true}),
        );
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Opens a file at this size of the window and with this preference of the system.
    pub fn open(&mut self, file: &Path, width: u32, scheme: &str) {
        self.resize(width);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.ask("Emulation.setEmulatedMedia", json!({"features": features}));
        self.events.clear();
        let url = format!("file://{}", file.display());
        self.ask("Page.navigate", json!({"url": url}));
        let start = Instant::now();
        while !self
            .events
            .iter()
            .any(|event| event["method"] == "Page.loadEventFired")
        {
            self.read(start);
        }
        if self.scripts {
            self.wait_for_input();
        }
    }

    /// Moves the pointer in the margin until the page is told of it: a browser drops what is pointed at
    /// and typed between a page's load and its first picture, which takes long on a busy machine.
    fn wait_for_input(&mut self) {
        self.value("void addEventListener('pointermove', () => { document.takesInput = true; }, {once: true})");
        let start = Instant::now();
        for turn in 0.. {
            self.pointer("mouseMoved", f64::from(1 + turn % 2), 1.0);
            if self.value("document.takesInput === true") == true {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the page takes no input");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sets the width of the window.
    pub fn resize(&mut self, width: u32) {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Switches the page's scripts off or on, for the pages opened after it.
    pub fn scripts(&mut self, on: bool) {
        self.scripts = on;
        self.ask(
            "Emulation.setScriptExecutionDisabled",
            json!({"value": !on}),
        );
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        );
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// The value of an expression that is a string.
    #[track_caller]
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value
            .as_str()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
            .to_owned()
    }

    /// Moves the pointer to the middle of an element.
    #[track_caller]
    pub fn point_at(&mut self, element: &str) -> (f64, f64) {
        let place = self.value(&format!(
            "(async () => {{ const element = {element}; element.scrollIntoView({{block: 'center', behavior: 'instant'}}); \
             await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); \
             const room = element.getBoundingClientRect(); \
             return [room.left + room.width / 2, room.top + room.height / 2]; }})()"
        ));
        let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        self.pointer("mouseMoved", x, y);
        (x, y)
    }

    /// Clicks in the middle of an element, as a person does.
    #[track_caller]
    pub fn click(&mut self, element: &str) {
        let (x, y) = self.point_at(element);
        self.pointer("mousePressed", x, y);
        self.pointer("mouseReleased", x, y);
    }

    fn pointer(&mut self, kind: &str, x: f64, y: f64) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": 1});
        self.ask("Input.dispatchMouseEvent", event);
    }

    /// Presses a key: `ArrowDown`, `Enter`, `Escape`, `Tab`.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["rawKeyDown", "keyUp"] {
            let event =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// Types text where the focus is.
    pub fn type_text(&mut self, text: &str) {
        self.ask("Input.insertText", json!({"text": text}));
    }

    /// What went wrong in the page since it was opened: exceptions, errors, refusals by its policy.
    pub fn errors(&mut self) -> Vec<String> {
        // What the page said before it answers this has arrived.
        self.value("0");
        let wrong = self
            .events
            .iter()
            .filter(|event| match event["method"].as_str() {
                Some("Runtime.exceptionThrown" | "Log.entryAdded") => true,
                Some("Runtime.consoleAPICalled") => event["params"]["type"] == "error",
                _ => false,
            });
        wrong.map(Value::to_string).collect()
    }

    /// What the page asked for since it was opened, itself included.
    pub fn requests(&mut self) -> Vec<String> {
        self.value("0");
        let asked = self
            .events
            .iter()
            .filter(|event| event["method"] == "Network.requestWillBeSent");
        asked
            .map(|event| {
                event["params"]["request"]["url"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }

    #[track_caller]
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser has gone");
        let start = Instant::now();
        loop {
            let answer = self.read(start);
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The next message; events are kept.
    fn read(&mut self, start: Instant) -> Value {
        let left = PATIENCE.saturating_sub(start.elapsed());
        let message = self
            .from
            .recv_timeout(left)
            .expect("the browser does not answer");
        if message["method"].is_string() {
            self.events.push(message.clone());
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session.clear();
        let message = json!({"id": u32::MAX, "method": "Browser.close"});
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let closes = self.to.write_all(&bytes).is_ok();
        let start = Instant::now();
        while closes && start.elapsed() < Duration::from_secs(5) {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let found = named.or_else(|| {
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let places = NAMES
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        places.into_iter().find(|place| place.is_file())
    });
    found.unwrap_or_else(|| {
        panic!(
            "there is no Chromium, and so nobody has looked at the HTML reports: install it \
             (apt-get install --no-install-recommends chromium), or name it in CHROMIUM"
        )
    })
}
