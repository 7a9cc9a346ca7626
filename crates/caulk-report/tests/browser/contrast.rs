//! Whether text can be read on its ground, as the browser has painted both.

use crate::chromium::Browser;

/// Of the Web Content Accessibility Guidelines 2.2, level AA.
const LEAST: f64 = 4.5;

/// All text of the page has enough contrast.
pub fn enough(browser: &mut Browser, scheme: &str) {
    // The colour of each element with text of its own, and that of the first ground behind it.
    let pairs = browser.value(
        "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() \
           && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim() !== '') \
           && !e.matches('script, style, noscript, :disabled, .skip')) \
         .map(e => { \
           const style = getComputedStyle(e); \
           let ground = e; \
           const isClear = c => c === 'transparent' || /, 0\\)$/.test(c); \
           while (ground.parentElement && isClear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement; \
           const colour = e instanceof SVGElement ? style.fill : style.color; \
           return [e.className.baseVal ?? e.className, e.textContent.slice(0, 30), colour, getComputedStyle(ground).backgroundColor]; \
         })",
    );
    let pairs = pairs.as_array().unwrap();
    assert!(pairs.len() > 30, "{} pieces of text", pairs.len());
    for pair in pairs {
        let (text, ground) = (luminance(&pair[2]), luminance(&pair[3]));
        let contrast = (text.max(ground) + 0.05) / (text.min(ground) + 0.05);
        assert!(contrast >= LEAST, "{scheme}: {contrast:.2} for {pair}");
    }
}

/// Relative luminance of `rgb(1, 2, 3)`.
fn luminance(colour: &serde_json::Value) -> f64 {
    let colour = colour.as_str().unwrap();
    let numbers: Vec<f64> = colour
        .trim_start_matches("rgb(")
        .trim_end_matches(')')
        .split(", ")
        .map(|number| number.parse().unwrap_or_else(|_| panic!("{colour}")))
        .collect();
    let linear = |channel: f64| {
        let share = channel / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(numbers[0]) + 0.7152 * linear(numbers[1]) + 0.0722 * linear(numbers[2])
}
