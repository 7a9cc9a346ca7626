//! The pages of the recorded cases in a real browser.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests start caulk and a browser"
)]

#[path = "../../caulk-report/tests/browser/chromium.rs"]
mod chromium;
#[path = "../../caulk-report/tests/browser/contrast.rs"]
mod contrast;

use std::path::{Path, PathBuf};
use std::process::Command;

use chromium::Browser;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Has `inputs`, below the examples, diagnosed into a page.
fn diagnosed(folder: &Path, name: &str, inputs: &[&str], source: &str) -> PathBuf {
    let examples = examples();
    let page = folder.join(format!("{name}.html"));
    let output = Command::new(env!("CARGO_BIN_EXE_caulk"))
        .arg("diagnose")
        .args(inputs.iter().map(|input| examples.join(input)))
        .arg("--source")
        .arg(examples.join(source))
        .arg("-o")
        .arg(&page)
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1 | 4)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    page
}

/// Has the whole page read out, at its narrowest and its widest, light and dark.
fn looked_at(browser: &mut Browser, page: &Path) -> String {
    for (width, scheme) in [(360, "light"), (1600, "dark")] {
        browser.open(page, width, scheme);
        contrast::enough(browser, scheme);
        let whole = browser.value("document.documentElement.scrollWidth");
        assert_eq!(whole, width, "{}", page.display());
        let bare = browser.value("[...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size");
        assert_eq!(bare, 0, "two elements of one name");
        let dead = browser.value("[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.hash.slice(1))).length");
        assert_eq!(dead, 0, "links that lead nowhere");
        assert_eq!(browser.errors(), Vec::<String>::new());
        let requests = browser.requests();
        let own = format!("file://{}", page.display());
        assert!(
            requests.iter().all(|url| *url == own || url == "data:,"),
            "{requests:?}"
        );
    }
    browser.text("document.body.innerText")
}

#[test]
#[ignore = "needs Chromium"]
fn the_findings_of_a_check_have_a_page_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("findings.html");
    let shapes = examples().join("../crates/caulk-leaks/tests/shapes");
    let output = Command::new(env!("CARGO_BIN_EXE_caulk"))
        .args(["check", "--fixes", "-o"])
        .arg(&page)
        .current_dir(shapes)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let mut browser = Browser::start();
    let seen = looked_at(&mut browser, &page);
    for part in [
        "LEAKS",
        "acquisitions decided",
        "opened here",
        "defer resp.Body.Close()",
        "caulk fix --only",
        "What the rules mean",
    ] {
        assert!(seen.contains(part), "no {part:?} in {seen}");
    }
    // What is high comes first, and is what stays when it is chosen.
    let words = "[...document.querySelectorAll('.catalogue article')].filter(a => a.checkVisibility()).map(a => a.querySelector('.word').textContent)";
    assert_eq!(browser.text(&format!("{words}[0]")), "high");
    browser.value("(() => { const choice = document.querySelectorAll('.catalogue select')[1]; choice.value = '0'; choice.dispatchEvent(new Event('change')); })()");
    assert_eq!(
        browser.text(&format!("[...new Set({words})].join()")),
        "high"
    );
    // The rule's name in the table leads to what it means.
    browser.click("document.querySelector('table a')");
    let target = "document.querySelector('article:target').innerText";
    assert!(browser.text(target).contains("More: caulk explain "));
}

/// A folder with the heap profiles of a program that was started three times, a minute apart.
fn saw(folder: &Path) -> String {
    let saw = folder.join("saw-of-heaps");
    std::fs::create_dir(&saw).unwrap();
    for taken in 0..12u32 {
        let name = format!("session-store/case/heap.{}.pb.gz", taken % 4);
        let bytes = std::fs::read(examples().join(name)).unwrap();
        let mut profile = caulk_profile::read(&bytes, caulk_profile::Limits::default()).unwrap();
        profile.time_nanos = (1_790_000_000 + 60 * i64::from(taken)) * 1_000_000_000;
        let file = std::fs::File::create(saw.join(format!("heap.{taken}.pb.gz"))).unwrap();
        caulk_profile::write(&profile, file).unwrap();
    }
    saw.display().to_string()
}

#[test]
#[ignore = "needs Chromium"]
fn the_recorded_cases_have_pages_that_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut browser = Browser::start();

    let page = diagnosed(folder, "steady", &["warm-cache/case"], "warm-cache");
    let seen = looked_at(&mut browser, &page);
    assert!(seen.contains("STEADY nothing grows over"), "{seen}");

    let heaps = [
        "session-store/case/heap.0.pb.gz",
        "session-store/case/heap.3.pb.gz",
    ];
    let page = diagnosed(folder, "two", &heaps, "session-store");
    let seen = looked_at(&mut browser, &page);
    assert!(seen.contains("GREW s.sessions only grows"), "{seen}");

    let page = diagnosed(folder, "saw", &[&saw(folder)], "session-store");
    let seen = looked_at(&mut browser, &page);
    assert!(seen.contains("LEAK s.sessions only grows"), "{seen}");
    // All three processes are drawn, and the line is fitted to the one that is judged.
    let dots = browser.value("['circle.aside', 'circle:not(.aside)'].map(dots => document.querySelectorAll('.dots ' + dots).length)");
    assert_eq!(dots, serde_json::json!([8, 4]));
    let fitted = browser.value("document.querySelector('polyline.fit').getBBox().x / 1000");
    assert!(
        (fitted.as_f64().unwrap() - 8.0 / 11.0).abs() < 0.01,
        "{fitted}"
    );

    let dump = ["secret-proxy/case/goroutine.3.txt.gz"];
    let page = diagnosed(folder, "dump", &dump, "secret-proxy");
    let seen = looked_at(&mut browser, &page);
    assert!(seen.contains("310 goroutines"), "{seen}");
    assert!(seen.contains("receive from a channel"), "{seen}");
    let widest = browser.text("document.querySelector('.frames > div').textContent");
    assert_eq!(widest, "main.main");

    let heaps = |example: &str| {
        let copies = folder.join(example);
        std::fs::create_dir(&copies).unwrap();
        for number in 0..4 {
            let name = format!("heap.{number}.pb.gz");
            std::fs::copy(
                examples().join(example).join("case").join(&name),
                copies.join(&name),
            )
            .unwrap();
        }
        copies.display().to_string()
    };
    let two = [heaps("job-queue"), heaps("session-store")];
    let two: Vec<&str> = two.iter().map(String::as_str).collect();
    let page = diagnosed(folder, "programs", &two, "session-store");
    let seen = looked_at(&mut browser, &page);
    for part in ["job-queue: ", "session-store: "] {
        assert!(seen.contains(part), "no {part:?} in {seen}");
    }
    let graphs = browser.value("[...document.querySelectorAll('.frames')].filter(frames => frames.children.length > 0).length");
    assert_eq!(graphs, 2, "{seen}");

    let page = diagnosed(folder, "leak", &["secret-proxy/case"], "secret-proxy");
    let seen = looked_at(&mut browser, &page);
    for part in [
        "secret/secret.go:54:17",
        "defer client.Close()",
        "GET /healthz",
        "bufio.NewReaderSize",
    ] {
        assert!(seen.contains(part), "no {part:?} in {seen}");
    }

    // The goroutines that came descend from the user's own line, all of them.
    browser.click("[...document.querySelectorAll('.views button')].find(view => view.textContent === 'Goroutines')");
    browser.click("document.querySelector('.search input')");
    browser.type_text("secret.(*Store).Fetch");
    assert_eq!(
        browser.text("document.querySelector('.found').textContent"),
        "1 frame, 100 % of the new goroutines"
    );
    browser.click("document.querySelector('.frames .hit')");
    let first = browser.text("document.querySelector('.frames > div:not(.around)').textContent");
    assert_eq!(first, "secret.(*Store).Fetch");
    browser.point_at("document.querySelector('.frames .hit')");
    let tip = browser.text("document.querySelector('.tip').innerText");
    assert!(
        tip.contains("5.00/req, 100 % of the new goroutines"),
        "{tip}"
    );
    assert!(
        tip.contains("secret/secret.go, at or before line 5") && tip.contains("this program"),
        "{tip}"
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}
