//! What every command needs: the outside world, how to print, and a way to be interrupted.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use caulk_report::terminal::{ColorChoice, Terminal};
use caulk_report::{Page, Report, html, render};
use caulk_system::{Cancel, OsFiles};

use crate::cli::{ColorWhen, Common, OutputFormat};
use crate::exit::Exit;
use crate::outputs::Output;
use crate::progress::Progress;

/// Made once, from the flags that every command takes.
pub struct Context {
    pub files: OsFiles,
    /// Set by Ctrl-C.
    pub cancel: Cancel,
    pub common: Common,
    /// Where results go; none for stdout.
    output: Option<PathBuf>,
}

impl Context {
    pub fn new(common: &Common) -> Context {
        Context {
            files: OsFiles,
            cancel: Cancel::on_interrupt(),
            common: common.clone(),
            output: None,
        }
    }

    /// The same with results in a file, whose name may say the format.
    pub fn writing_to(mut self, output: Option<PathBuf>) -> Context {
        let named = output.as_deref().and_then(crate::outputs::named);
        // A name that ends as another command's report does is a name like others here.
        let named = named.filter(|format| !format.is_for_findings());
        self.common.output_format = self.common.output_format.or(named);
        self.output = output;
        self
    }

    /// The same for one of several reports.
    pub fn to(&self, output: &Output) -> Context {
        Context {
            files: OsFiles,
            cancel: self.cancel.clone(),
            common: Common {
                output_format: output.format,
                ..self.common.clone()
            },
            output: output.file.clone(),
        }
    }

    /// Progress for a command; `log` as for [`Progress::new`].
    pub fn progress(&self, log: bool) -> Progress {
        Progress::new(!self.common.no_progress && !self.common.quiet, log)
    }

    /// For work that looks at no token, such as an analysis, and has nothing half done to tidy up: until the guard is
    /// dropped Ctrl-C ends the process. What does look at the token has the time to end before.
    pub fn end_when_interrupted(&self) -> EndsWhenInterrupted {
        let guard = EndsWhenInterrupted(Arc::default());
        let (over, cancel) = (guard.0.clone(), self.cancel.clone());
        std::thread::spawn(move || {
            let is_over = || over.load(Ordering::SeqCst);
            while !cancel.is_cancelled() {
                if is_over() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            std::thread::sleep(Duration::from_millis(500));
            if is_over() {
                return;
            }
            let mut err = std::io::stderr().lock();
            // The changing line of the progress may be there.
            let clear = if err.is_terminal() { "\r\x1b[K" } else { "" };
            drop(writeln!(err, "{clear}caulk: interrupted"));
            std::process::exit(Exit::Interrupted as i32);
        });
        guard
    }

    /// The terminal that results are printed on.
    pub fn terminal(&self) -> Terminal {
        let choice = match self.common.color {
            ColorWhen::Auto if self.output.is_some() => return Terminal::PLAIN,
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        };
        Terminal::stdout(choice)
    }

    pub fn format(&self, usual: OutputFormat) -> OutputFormat {
        let quiet = if self.common.quiet {
            OutputFormat::Concise
        } else {
            usual
        };
        match self.common.output_format {
            None | Some(OutputFormat::Text) => quiet,
            Some(format) => format,
        }
    }

    /// Prints a report as text.
    pub fn print(&self, report: &Report, format: OutputFormat) -> anyhow::Result<()> {
        let text = match format {
            OutputFormat::Concise => render::concise(report, self.terminal()),
            _ => render::full(report, self.terminal()),
        };
        self.hand_over(text.as_bytes())
    }

    /// Prints a page as HTML.
    pub fn print_page(&self, page: &Page) -> anyhow::Result<()> {
        self.hand_over(html::document(page).as_bytes())
    }

    /// Prints a value as JSON.
    pub fn print_json(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.hand_over(render::json(value)?.as_bytes())
    }

    /// Prints a text that is ready.
    pub fn print_text(&self, text: &str) -> anyhow::Result<()> {
        self.hand_over(text.as_bytes())
    }

    fn hand_over(&self, results: &[u8]) -> anyhow::Result<()> {
        match &self.output {
            Some(file) => caulk_system::write_atomic(file, results)
                .map_err(|error| anyhow::anyhow!("failed to {error}"))?,
            None => write_out(results)?,
        }
        Ok(())
    }
}

/// See [`Context::end_when_interrupted`].
pub struct EndsWhenInterrupted(Arc<AtomicBool>);

impl Drop for EndsWhenInterrupted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Writes results to stdout, whole.
pub fn write_out(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// A path as the user should read it: relative to the current folder where it is below it.
pub fn shown(path: &Path) -> String {
    let current: Option<PathBuf> = caulk_system::current_folder().ok();
    let relative = current
        .as_deref()
        .and_then(|folder| path.strip_prefix(folder).ok());
    match relative {
        Some(relative) if relative.as_os_str().is_empty() => ".".to_owned(),
        Some(relative) => relative.display().to_string(),
        None => path.display().to_string(),
    }
}

/// A folder as the beginning of a path that the user can type: `examples/proxy/`, or nothing for the
/// current folder.
pub fn shown_folder(folder: &Path) -> String {
    match shown(folder).as_str() {
        "." | "" => String::new(),
        folder => format!("{folder}/"),
    }
}
