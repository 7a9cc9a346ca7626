//! `caulk pprof` beside the tool, asking a service for profiles.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use crate::world::{World, names};

/// Serves two profiles that are always the same, names for the second, and complaints. It writes down
/// who vouches for it.
const SERVER: &str = r#"package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"
)

var kept [][]byte

func keep(size int) { kept = append(kept, make([]byte, size)) }

func write(name, kind string, bytes []byte) {
	block := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	if err := os.WriteFile(name, block, 0o600); err != nil {
		panic(err)
	}
}

// certified makes an authority, and the certificate of a server that it vouches for.
func certified() tls.Certificate {
	sign := func(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
		template.SerialNumber = big.NewInt(1)
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		bytes, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
		if err != nil {
			panic(err)
		}
		return bytes
	}
	key := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		return key
	}
	authorityKey, serverKey := key(), key()
	authority := &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	write("authority.pem", "CERTIFICATE", sign(authority, authority, authorityKey, authorityKey))
	bytes := sign(server, authority, serverKey, authorityKey)
	write("server.pem", "CERTIFICATE", bytes)
	encoded, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		panic(err)
	}
	write("key.pem", "PRIVATE KEY", encoded)
	return tls.Certificate{Certificate: [][]byte{bytes}, PrivateKey: serverKey}
}

func main() {
	runtime.MemProfileRate = 512
	for i := range 2000 {
		keep(64 << (i % 7))
	}
	runtime.GC()
	var heap bytes.Buffer
	pprof.Lookup("heap").WriteTo(&heap, 0)
	mux := http.NewServeMux()
	for _, path := range []string{"/debug/pprof/heap", "/debug/pprof/profile"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			fmt.Println(r.URL)
			w.Write(heap.Bytes())
		})
	}
	mux.HandleFunc("/debug/pprof/text", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "heap profile: 3: 300 [5: 500] @ heap/2\n1: 100 [2: 200] @ 0x1001 0x2001\n2: 200 [3: 300] @ 0x3001\n")
	})
	mux.HandleFunc("/debug/pprof/symbol", func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		fmt.Println(r.Method, string(asked))
		fmt.Fprintln(w, "num_symbols: 1")
		for _, address := range strings.Split(string(asked), "+") {
			fmt.Fprintf(w, "%s at%s\n", address, address)
		}
	})
	mux.HandleFunc("/none/text", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/debug/pprof/text", http.StatusFound)
	})
	mux.HandleFunc("/debug/pprof/broken", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Go-Pprof", "1")
		http.Error(w, "it is broken", http.StatusInternalServerError)
	})
	plain := httptest.NewServer(mux)
	pair := certified()
	secure := httptest.NewUnstartedServer(mux)
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	secure.StartTLS()
	closed := httptest.NewUnstartedServer(mux)
	closed.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
	closed.StartTLS()
	fmt.Println(plain.Listener.Addr(), secure.Listener.Addr(), closed.Listener.Addr())
	io.Copy(io.Discard, os.Stdin)
}
"#;

struct Service {
    world: World,
    plain: String,
    secure: String,
    /// Wants to see a certificate.
    closed: String,
    _server: Child,
}

fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let world = World::with(&[
            ("go.mod", "module example.com/served\n\ngo 1.24\n"),
            ("main.go", SERVER),
        ]);
        let program = world.go_build(".");
        // It ends with this process, which holds its standard input.
        let mut server = world
            .command(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let mut addresses = line.split_whitespace().map(str::to_owned);
        Service {
            plain: addresses.next().unwrap(),
            secure: addresses.next().unwrap(),
            closed: addresses.next().unwrap(),
            world,
            _server: server,
        }
    })
}

/// Both tools with the same arguments, each with a folder for what it keeps. What is on stdout must be
/// the same, and the exit code; returned are our words and the names of what was kept.
#[track_caller]
fn compare(arguments: &[&str], code: i32) -> (String, Vec<String>) {
    let world = &service().world;
    let (ours, theirs) = (World::new(), World::new());
    let mut tool = world.command("go");
    tool.args(["tool", "pprof"]).args(arguments);
    tool.env("PPROF_TMPDIR", theirs.path("kept"));
    let expected = world.ran(tool.output().unwrap());
    let mut caulk = world.caulk(&[&["pprof"], arguments].concat());
    caulk.env("PPROF_TMPDIR", ours.path("kept"));
    let ran = world.ran(caulk.output().unwrap()).expect(code);
    assert_eq!(ran.stdout, expected.stdout, "{arguments:?}: {}", ran.stderr);
    assert_eq!(ran.code, expected.code, "{arguments:?}");
    let kept = |world: &World| match world.exists("kept") {
        true => names(&world.path("kept")),
        false => Vec::new(),
    };
    assert_eq!(kept(&ours), kept(&theirs), "{arguments:?}");
    (ran.stderr, kept(&ours))
}

#[test]
fn a_profile_is_fetched_and_kept() {
    let host = &service().plain;
    for path in [
        "",
        "/",
        "/debug/pprof/heap",
        "/debug/pprof/heap?b=2&a=1",
        "/debug/pprof/profile",
    ] {
        let (said, kept) = compare(&["-top", &format!("http://{host}{path}")], 0);
        let name = "pprof.program.alloc_objects.alloc_space.inuse_objects.inuse_space.001.pb.gz";
        assert_eq!(kept, [name]);
        assert!(
            said.contains("Fetching profile over HTTP from http://"),
            "{said}"
        );
        assert!(said.contains("Saved profile in "), "{said}");
    }
    let (said, _) = compare(&["-top", "-seconds=3", host], 0);
    let asked =
        format!("from http://{host}/debug/pprof/profile?seconds=3\nPlease wait... ([TIME])\n");
    assert!(said.contains(&asked), "{said}");
}

#[test]
fn what_cannot_be_fetched_is_told() {
    let host = &service().plain;
    let (said, _) = compare(&["-top", &format!("{host}/debug/pprof/broken")], 2);
    assert!(
        said.contains("server response: 500 Internal Server Error - it is broken\n"),
        "{said}"
    );
    let (said, _) = compare(&["-top", &format!("{host}/nothing")], 2);
    assert!(said.ends_with("server response: 404 Not Found\n"), "{said}");
    let url = format!("{host}/debug/pprof/heap");
    let (said, kept) = compare(&["-top", "none.pb.gz", &url, &format!("{host}/nothing")], 0);
    assert!(
        said.contains("Fetched 1 source profiles out of 3\n"),
        "{said}"
    );
    assert_eq!(kept.len(), 1);
    let (said, _) = compare(&["-top", "-base", &format!("{host}/nothing"), &url], 2);
    assert!(said.contains("404 Not Found"), "{said}");
    compare(&["-top", "-diff_base", &url, &url], 0);
}

#[test]
fn names_are_asked_of_the_service() {
    let host = &service().plain;
    let url = format!("http://{host}/debug/pprof/text");
    let (_, kept) = compare(&["-top", &url], 0);
    assert_eq!(kept.len(), 1);
    compare(&["-tree", "-add_comment=x", &url, &url], 0);
    compare(&["-top", "-symbolize=none", &url], 0);
    compare(&["-top", "-symbolize=local", &url], 0);
    // Beside a path that is not Go's nobody has names under this service's name for them.
    let (said, _) = compare(&["-top", &format!("http://{host}/none/text")], 2);
    assert!(
        said.contains(&format!(
            "http post http://{host}/none/symbolz: server response: 404"
        )),
        "{said}"
    );
}

#[test]
fn certificates_are_checked_unless_told_not_to() {
    let Service {
        world,
        secure,
        closed,
        ..
    } = service();
    compare(
        &[
            "-top",
            &format!("https+insecure://{secure}/debug/pprof/heap"),
        ],
        0,
    );
    let url = format!("https://{secure}/debug/pprof/heap");
    let (said, _) = compare(&["-top", &url], 2);
    assert!(said.contains("certificate"), "{said}");

    // go tool pprof uses these flags for names alone.
    let run = |arguments: &[&str], code: i32| {
        let mut caulk = world.caulk(&[&["pprof", "-top"], arguments].concat());
        caulk.env("PPROF_TMPDIR", world.path("kept"));
        world.ran(caulk.output().unwrap()).expect(code)
    };
    let trusted = run(&["-tls_ca=authority.pem", &url], 0);
    assert!(trusted.stdout.contains("main.keep"), "{trusted:#?}");
    let url = format!("https://{closed}/debug/pprof/heap");
    run(&["-tls_ca=authority.pem", &url], 2);
    let shown = [
        "-tls_cert=server.pem",
        "-tls_key=key.pem",
        "-tls_ca=authority.pem",
    ];
    run(&[&shown[..], &[&url]].concat(), 0);
    run(&["-tls_key=key.pem", &url], 2)
        .stderr_has("-tls_key is specified, so -tls_cert must also be specified");
    run(&["-tls_ca=main.go", &url], 2).stderr_has("there is no certificate in the file");
    run(&["-tls_ca=none.pem", &url], 2).stderr_has("failed to read none.pem");
}
