//! Pages in a real browser: what is seen, clicked, searched and read out, with no error and no request.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests start a browser and write the pages that it opens"
)]

mod chromium;
mod contrast;
#[path = "../support/page.rs"]
mod support;

use std::path::PathBuf;

use caulk_report::{Page, Part, Section, html};
use chromium::Browser;

/// A page in a file of its own, which goes with it.
struct Written {
    _folder: tempfile::TempDir,
    file: PathBuf,
}

fn written(page: &Page) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a report.html");
    std::fs::write(&file, html::document(page)).unwrap();
    Written {
        _folder: folder,
        file,
    }
}

/// One browser for all: its start takes longer than all that is done with it.
#[test]
#[ignore = "needs Chromium"]
fn pages_work_in_a_browser() {
    let mut browser = Browser::start();
    zoom_search_and_keys(&mut browser);
    plots_say_their_values(&mut browser);
    light_and_dark(&mut browser);
    hostile_names(&mut browser);
    catalogues_are_chosen_from(&mut browser);
    without_scripts(&mut browser);
    narrow_and_wide(&mut browser);
    a_large_graph_is_drawn_at_once(&mut browser);
}

fn quiet(browser: &mut Browser) {
    assert_eq!(browser.errors(), Vec::<String>::new());
    let requests = browser.requests();
    let own = |url: &String| url.starts_with("file://") && url.ends_with("report.html");
    let own_icon = |url: &String| url == "data:,";
    assert!(
        requests.iter().all(|url| own(url) || own_icon(url)),
        "{requests:?}"
    );
    assert_eq!(
        requests.iter().filter(|url| own(url)).count(),
        1,
        "{requests:?}"
    );
}

/// The box of a frame, by what stands in it.
fn frame(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.frames > div')].find(box => box.textContent === '{name}')"
    )
}

fn width(browser: &mut Browser, name: &str) -> f64 {
    let share = format!(
        "{}?.getBoundingClientRect().width / document.querySelector('.frames').clientWidth",
        frame(name)
    );
    browser.value(&share).as_f64().unwrap_or(0.0)
}

fn zoom_search_and_keys(browser: &mut Browser) {
    let page = written(&support::page("example.com/a/b.Name"));
    browser.open(&page.file, 1280, "light");
    assert!((width(browser, "main.serve") - 0.9).abs() < 0.01);
    assert!((width(browser, "b.Name") - 0.6).abs() < 0.01);

    // A click shows the box at the full width, its callers above it, and what is beside it no more.
    browser.click(&frame("b.Name"));
    assert!((width(browser, "b.Name") - 1.0).abs() < 0.01);
    assert!((width(browser, "main.main") - 1.0).abs() < 0.01);
    assert_eq!(width(browser, "http.Serve"), 0.0);
    browser.press("Escape");
    browser.click(&frame("http.Serve"));
    assert!((width(browser, "http.Serve") - 1.0).abs() < 0.01);
    assert!((width(browser, "http.inner") - 1.0).abs() < 0.01);
    assert_eq!(width(browser, "b.Name"), 0.0);
    browser.press("Escape");
    assert!((width(browser, "main.serve") - 1.0).abs() < 0.01);
    assert!((width(browser, "http.Serve") - 0.333).abs() < 0.01);
    browser.click("document.querySelector('.reset')");
    assert!((width(browser, "main.serve") - 0.9).abs() < 0.01);
    assert_eq!(
        browser.value("document.querySelector('.reset').disabled"),
        true
    );

    // The pointer is told the whole name, the value and the share.
    browser.point_at(&frame("b.Name"));
    let tip = browser.text("document.querySelector('.tip').innerText");
    assert_eq!(
        tip.lines().collect::<Vec<_>>(),
        [
            "example.com/a/b.Name",
            "600 B, 60 % of the growth, 67 % of the frame around it",
            "example.com/a/b.Name.go:7",
            "library"
        ]
    );

    // A search marks what it finds, and says how much that is: each stack once.
    browser.click("document.querySelector('.search input')");
    browser.type_text("SERVE");
    let found = "document.querySelector('.found').textContent";
    assert_eq!(browser.text(found), "2 frames, 90 % of the growth");
    let marked =
        "[...document.querySelectorAll('.frames .hit')].map(box => box.textContent).join()";
    assert_eq!(browser.text(marked), "main.serve,http.Serve");
    browser.press("Escape");
    assert_eq!(browser.text(found), "");
    browser.type_text("no such name");
    assert_eq!(browser.text(found), "nothing found");
    browser.press("Escape");

    // Without a pointer: Tab comes to where the graph was left, arrows go through it, Enter zooms.
    browser.press("Tab");
    let focused = "document.activeElement.getAttribute('aria-label')";
    assert_eq!(browser.text(focused), "main.serve, 900 B, 90 %");
    browser.press("ArrowUp");
    assert_eq!(browser.text(focused), "main.main, 1000 B, 100 %");
    browser.press("ArrowDown");
    browser.press("ArrowRight");
    assert_eq!(browser.text(focused), "main.other, 100 B, 10 %");
    assert!(
        browser
            .text("document.querySelector('.tip').innerText")
            .contains("10 % of the growth")
    );
    browser.press("ArrowLeft");
    browser.press("ArrowDown");
    browser.press("Enter");
    assert_eq!(browser.text(focused), "b.Name, 600 B, 60 %");
    assert!((width(browser, "b.Name") - 1.0).abs() < 0.01);
    browser.press("ArrowUp");
    assert_eq!(browser.text(focused), "main.serve, 900 B, 90 %");

    // The other graph of the section.
    browser.click("[...document.querySelectorAll('.views button')].at(-1)");
    assert!((width(browser, "other.Name") - 0.6).abs() < 0.01);
    assert_eq!(width(browser, "b.Name"), 0.0);
    let shown = "[...document.querySelectorAll('.left-out')].filter(note => !note.hidden).map(note => note.textContent).join()";
    assert_eq!(browser.text(shown), "Goroutines: 1000 B in all.");
    quiet(browser);
}

fn plots_say_their_values(browser: &mut Browser) {
    let page = written(&support::page("example.com/a.B"));
    browser.open(&page.file, 1280, "light");
    browser.point_at("document.querySelectorAll('.dots circle')[3]");
    let tip = "document.querySelector('.tip').innerText";
    assert_eq!(browser.text(tip), "4.00 MB at 40 requests");
    browser.value("document.querySelector('.probe').focus()");
    browser.press("ArrowLeft");
    assert_eq!(browser.text(tip), "3.00 MB at 30 requests");
    let read_out = "document.activeElement.getAttribute('aria-valuetext')";
    assert_eq!(browser.text(read_out), "3.00 MB at 30 requests");
    // Points are where their values are: the line rises evenly from the first to the last.
    let places = browser.value(
        "[...document.querySelectorAll('.dots circle')].map(dot => { const room = dot.getBoundingClientRect(); return [room.left, room.top]; })",
    );
    let at = |dot: usize, axis: usize| places[dot][axis].as_f64().unwrap();
    let steps: Vec<f64> = (0..4).map(|dot| at(dot, 1) - at(dot + 1, 1)).collect();
    assert!(
        steps
            .iter()
            .all(|step| (step - steps[0]).abs() < 1.0 && *step > 5.0),
        "{steps:?}"
    );
    quiet(browser);
}

fn light_and_dark(browser: &mut Browser) {
    let page = written(&support::page("example.com/a.B"));
    let ground = "getComputedStyle(document.body).backgroundColor";
    browser.open(&page.file, 1280, "dark");
    let dark = browser.text(ground);
    contrast::enough(browser, "dark");
    browser.open(&page.file, 1280, "light");
    let light = browser.text(ground);
    assert_ne!(light, dark);
    contrast::enough(browser, "light");

    // The switch goes from the system's to light to dark, and the page remembers.
    let switch = "document.querySelector('.theme')";
    browser.click(switch);
    assert_eq!(browser.text(&format!("{switch}.innerText")), "Theme: light");
    assert_eq!(browser.text(ground), light);
    browser.click(switch);
    assert_eq!(browser.text(&format!("{switch}.innerText")), "Theme: dark");
    assert_eq!(browser.text(ground), dark);
    // What one page stores may reach the process of the next a moment later.
    for _ in 0..10 {
        browser.open(&page.file, 1280, "light");
        if browser.text(ground) == dark {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(browser.text(ground), dark);
    browser.click(switch);
    assert_eq!(browser.text(ground), light);
    quiet(browser);
}

fn hostile_names(browser: &mut Browser) {
    for name in support::HOSTILE {
        let page = written(&support::page(name));
        browser.open(&page.file, 1280, "light");
        // The page is whole, and the name stands in it as text.
        let elements = browser.value("[document.scripts.length, document.styleSheets.length, document.images.length, document.querySelectorAll('footer').length]");
        assert_eq!(elements, serde_json::json!([2, 1, 0, 1]), "{name:?}");
        browser.point_at("document.querySelectorAll('.frames > div')[2]");
        let tip = browser.text("document.querySelector('.tip b').textContent");
        let seen: String = name.chars().filter(char::is_ascii_graphic).collect();
        let shown: String = tip.chars().filter(char::is_ascii_graphic).collect();
        assert_eq!(shown, seen);
        assert_eq!(
            browser.text("document.querySelector('.subject span').textContent"),
            tip
        );
        quiet(browser);
    }
}

fn catalogues_are_chosen_from(browser: &mut Browser) {
    let page = written(&support::page("unclosed-client"));
    browser.open(&page.file, 1280, "light");
    let shown = "[...document.querySelectorAll('.catalogue article')].filter(a => a.checkVisibility()).map(a => a.id).join()";
    let found = "document.querySelector('.catalogue .found').textContent";
    let choose = |browser: &mut Browser, at: usize, value: &str| {
        browser.value(&format!(
            "(() => {{ const choice = document.querySelectorAll('.catalogue select')[{at}]; choice.value = '{value}'; choice.dispatchEvent(new Event('change')); }})()"
        ));
    };
    assert_eq!(browser.text(shown), "finding-1,finding-2,finding-3");
    assert_eq!(browser.text(found), "3 of 3");
    let offered =
        "[...document.querySelectorAll('.catalogue select')[1].options].map(o => o.text).join()";
    assert_eq!(browser.text(offered), "all,high (1),low (2)");

    choose(browser, 1, "1");
    assert_eq!(browser.text(shown), "finding-2,finding-3");
    choose(browser, 0, "1");
    assert_eq!(browser.text(shown), "finding-3");
    assert_eq!(browser.text(found), "1 of 3");
    choose(browser, 1, "0");
    assert_eq!(browser.text(shown), "");
    let none = "document.querySelector('.catalogue .none').checkVisibility()";
    assert_eq!(browser.value(none), true);

    // A link to what is hidden shows it.
    browser.value("location.hash = 'finding-2'; new Promise(done => setTimeout(done, 50))");
    assert_eq!(browser.text(shown), "finding-1,finding-2,finding-3");
    assert_eq!(browser.value(none), false);

    browser.click("document.querySelector('.catalogue .search input')");
    browser.type_text("CLOSED conn");
    assert_eq!(browser.text(shown), "finding-2");
    quiet(browser);
}

fn without_scripts(browser: &mut Browser) {
    let page = written(&support::page("example.com/a.B"));
    browser.scripts(false);
    browser.open(&page.file, 1280, "light");
    let seen = browser.text("document.body.innerText");
    for part in [
        "LEAK",
        "client of example.com/a.B is never closed",
        "a/b.go:2:8",
        "58 kB ± 6",
        "opened here",
        "defer client.Close()",
        "73 %",
        "conn is never closed",
    ] {
        assert!(seen.contains(part), "no {part:?} in {seen}");
    }
    assert!(seen.contains("scripts are switched off"), "{seen}");
    assert!(
        !seen.contains("Whole graph") && !seen.contains("of 3") && !seen.contains("Theme"),
        "{seen}"
    );
    let drawn =
        browser.value("document.querySelector('polyline.line').getBoundingClientRect().height");
    assert!(drawn.as_f64().unwrap() > 50.0, "{drawn}");
    browser.scripts(true);
}

fn narrow_and_wide(browser: &mut Browser) {
    let page = written(&support::page(
        "example.com/some/where/quite/long/a.(*Type).Method.func1.2",
    ));
    for width in [360, 1600] {
        browser.open(&page.file, width, "light");
        // What is too wide scrolls by itself: the page does not.
        let whole = browser.value("document.documentElement.scrollWidth");
        assert_eq!(whole, width, "at a width of {width}");
        let smallest = browser.value(
            "Math.min(...[...document.querySelectorAll('body *')].filter(e => e.innerText && e.checkVisibility()).map(e => parseFloat(getComputedStyle(e).fontSize)))",
        );
        assert!(smallest.as_f64().unwrap() >= 11.5, "{smallest}");
    }
    // A window that becomes narrower is drawn anew.
    browser.open(&page.file, 1600, "light");
    browser.resize(500);
    browser.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))");
    assert!((width(browser, "main.serve") - 0.9).abs() < 0.01);
    quiet(browser);
}

fn a_large_graph_is_drawn_at_once(browser: &mut Browser) {
    let graph = support::graph("Heap bytes", support::many_stacks(30_000));
    let mut page = support::page("example.com/a.B");
    page.sections = vec![Section::new("Flame graph", vec![Part::Flames(vec![graph])])];
    let page = written(&page);
    browser.open(&page.file, 1280, "light");
    let took = browser.value(
        "(() => { const search = document.querySelector('.search input'); const start = performance.now(); \
         for (const text of ['step1', 'step2', '']) { search.value = text; search.dispatchEvent(new Event('input')); document.querySelector('.frames').getBoundingClientRect(); } \
         return (performance.now() - start) / 3; })()",
    );
    assert!(took.as_f64().unwrap() < 1_000.0, "{took} ms for one search");
    quiet(browser);
}
