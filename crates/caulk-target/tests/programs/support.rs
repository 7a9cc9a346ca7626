use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use caulk_system::{
    Cancel, Files, HttpClient, HttpRequest, Limits, OsFiles, TempFolder, WalkOptions,
    create_folder, walk, write_atomic,
};
use caulk_target::{
    Build, BuildError, Built, GoFlags, Launch, Load, LoadSpec, MainPackage, PackageError,
    Placeholders, Profiling, Program, StartError, Template, What, build,
};

/// Whatever hangs fails instead.
pub fn limits() -> Limits {
    Limits::new(&Cancel::new()).within(Duration::from_secs(100))
}

pub const GO_MOD: (&str, &str) = ("go.mod", "module example.com/p\n\ngo 1.24\n");

/// A tree of files in a temporary folder, and a folder beside it for what is built.
pub struct Project {
    folder: TempFolder,
    before: BTreeMap<PathBuf, Vec<u8>>,
    pub places: Placeholders,
}

impl Project {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempFolder::new("caulk-test-").unwrap();
        let mut project = Self {
            folder,
            before: BTreeMap::new(),
            places: Placeholders::new(),
        };
        for (path, text) in files {
            let path = project.tree().join(path);
            create_folder(path.parent().unwrap()).unwrap();
            write_atomic(&path, text.as_bytes()).unwrap();
        }
        project.before = content(&project.tree());
        project
    }

    pub fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub fn find(&self, what: &str) -> Result<MainPackage, PackageError> {
        MainPackage::find(&self.tree(), what, &limits()).map(|(_, package)| package)
    }

    pub fn build(&self, what: &str) -> Result<Built, BuildError> {
        self.build_with(&self.tree(), what, &BTreeMap::new())
    }

    pub fn build_with(
        &self,
        folder: &Path,
        what: &str,
        edits: &BTreeMap<PathBuf, Vec<u8>>,
    ) -> Result<Built, BuildError> {
        let (go, package) = MainPackage::find(folder, what, &limits()).unwrap();
        let flags = GoFlags::default();
        let work = &self.work();
        let request = Build {
            package: &package,
            flags: &flags,
            agent: true,
            edits,
            work,
        };
        build(&go, &request, &limits())
    }

    /// How the built program is started: with `LISTEN` set to a free port that it must answer at.
    pub fn launch(&mut self, built: &Built) -> Launch {
        let address = self.places.expand("127.0.0.1:{port:http}").unwrap();
        let ready = format!("http://{address}/ok").parse().unwrap();
        Launch {
            name: "p".into(),
            what: What::Binary {
                path: built.binary.clone(),
                args: Vec::new(),
                agent: true,
            },
            folder: self.tree(),
            env: vec![("LISTEN".into(), address)],
            profiling: Some(Profiling::default()),
            ready: vec![ready],
            ready_timeout: Duration::from_secs(20),
            log: None,
        }
    }

    pub fn start(&mut self, what: &str) -> Result<Program, StartError> {
        let built = self.build(what).unwrap();
        let launch = self.launch(&built);
        Program::start(&launch, &limits())
    }

    pub fn url(&mut self, path: &str) -> String {
        self.places.expand("http://127.0.0.1:{port:http}").unwrap() + path
    }

    pub fn load(&mut self, paths: &[(&str, u32)]) -> Load {
        Load::new(self.load_spec(paths)).unwrap()
    }

    pub fn load_spec(&mut self, paths: &[(&str, u32)]) -> LoadSpec {
        let requests = paths.iter().map(|(path, weight)| Template {
            method: "POST".into(),
            url: self.url(path),
            headers: vec![("X-Who".into(), "me".into())],
            data: b"{\"n\": {n}}".to_vec(),
            weight: *weight,
        });
        let requests = requests.collect();
        LoadSpec {
            requests,
            concurrency: 4,
            rps: None,
            timeout: Duration::from_secs(5),
        }
    }

    /// Nothing of the user's tree may change, whatever is done.
    pub fn assert_untouched(&self) {
        assert_eq!(self.before, content(&self.tree()));
    }
}

fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let options = WalkOptions {
        gitignore: false,
        hidden: true,
        enter: &|_| true,
    };
    let files = walk(&OsFiles, folder, &options).files;
    files
        .into_iter()
        .map(|path| (path.clone(), OsFiles.read(&path).unwrap()))
        .collect()
}

/// The body of what is answered to a `GET`.
pub fn get(url: String) -> String {
    let (headers, timeout) = (Vec::new(), Duration::from_secs(10));
    let request = HttpRequest {
        url,
        headers,
        timeout,
        max_bytes: 1 << 20,
    };
    let answer = HttpClient::new().get(&request, &limits()).unwrap();
    String::from_utf8(answer.body).unwrap()
}

/// A server with routes for what a load may meet.
pub const SERVER: &str = r#"package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

var (
	mutex sync.Mutex
	seen  []string
	kept  [][]byte
)

func note(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	mutex.Lock()
	defer mutex.Unlock()
	seen = append(seen, r.URL.RequestURI()+" "+string(body)+" "+r.Header.Get("X-Who"))
}

func main() {
	http.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { note(r) })
	http.HandleFunc("/fail", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Minute) })
	http.HandleFunc("/panic", func(w http.ResponseWriter, r *http.Request) { panic("by request") })
	http.HandleFunc("/crash", func(w http.ResponseWriter, r *http.Request) {
		go func() { panic("the end") }()
		time.Sleep(time.Minute)
	})
	http.HandleFunc("/leak", func(w http.ResponseWriter, r *http.Request) { leak() })
	http.HandleFunc("/seen", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		fmt.Fprint(w, strings.Join(seen, "\n"))
	})
	fmt.Fprintln(os.Stderr, "listening")
	if err := http.ListenAndServe(os.Getenv("LISTEN"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// A file that nobody closes, a block that nobody lets go, a goroutine that never ends.
func leak() {
	block := make([]byte, 2048)
	mutex.Lock()
	kept = append(kept, block)
	mutex.Unlock()
	file, _ := os.Open(os.DevNull)
	go func() {
		go func() { <-make(chan int); file.Close() }()
	}()
}
"#;
