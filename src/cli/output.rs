//! Everything that is printed goes through here: data to standard output, everything else to standard error. A reader that went away
//! (a closed pipe) is no error.

use std::io::{IsTerminal as _, Write as _};

use owo_colors::{OwoColorize as _, Style};
use serde::Serialize;

use crate::present::visible::visible;
pub use crate::present::words::{dollars, instant};

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One JSON document per line.
    Ndjson,
}

/// The accents that text may have; how they look is decided here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accent {
    Good,
    Bad,
    Attention,
    Faint,
    Strong,
}

/// Where a command prints. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub format: Format,
    color: bool,
}

impl Output {
    /// Colours are off with `--no-color`, with `NO_COLOR` set to anything, and where standard error is no terminal.
    #[must_use]
    pub fn new(format: Format, no_color: bool) -> Self {
        let refused = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { format, color: !refused && std::io::stderr().is_terminal() && std::io::stdout().is_terminal() }
    }

    /// Data, as one line (or block) of text. The text must be safe for a terminal already.
    #[expect(clippy::unused_self, reason = "printing is something a command does with its output, whatever that needs to know")]
    pub fn data(self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let _ = writeln!(stdout, "{text}");
        let _ = stdout.flush();
    }

    /// Data, byte for byte, without a line end of our own.
    #[expect(clippy::unused_self, reason = "as `data`")]
    pub fn raw(self, bytes: &[u8]) {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(bytes);
        let _ = stdout.flush();
    }

    /// Data as JSON: indented with `json`, one line with `ndjson`.
    pub fn json(self, value: &impl Serialize) {
        let text = match self.format {
            Format::Ndjson => serde_json::to_string(value),
            Format::Text | Format::Json => serde_json::to_string_pretty(value),
        };
        // Fails only for maps whose keys are no strings, which nothing here has.
        self.data(&text.unwrap_or_default());
    }

    /// A list as JSON: one array with `json`, one line per entry with `ndjson`.
    pub fn json_list(self, values: &[impl Serialize]) {
        if self.format == Format::Ndjson {
            for value in values {
                self.json(value);
            }
        } else {
            self.json(&values);
        }
    }

    /// One JSON document on one line, whatever the format.
    pub fn json_line(self, value: &impl Serialize) {
        self.data(&serde_json::to_string(value).unwrap_or_default());
    }

    /// A line for people: progress, hints, what to do next.
    #[expect(clippy::unused_self, reason = "as `data`")]
    pub fn note(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// A question's prompt: no line end, shown at once.
    #[expect(clippy::unused_self, reason = "as `data`")]
    pub fn prompt(self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "{text}");
        let _ = stderr.flush();
    }

    /// Why the command stops.
    pub fn error(self, text: &str) {
        let label = self.accent(Accent::Bad, "error:");
        self.note(&format!("{label} {}", visible(text)));
    }

    #[must_use]
    pub fn accent(self, accent: Accent, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let style = match accent {
            Accent::Good => Style::new().green(),
            Accent::Bad => Style::new().red().bold(),
            Accent::Attention => Style::new().yellow().bold(),
            Accent::Faint => Style::new().dimmed(),
            Accent::Strong => Style::new().bold(),
        };
        text.style(style).to_string()
    }

    #[must_use]
    pub fn is_text(self) -> bool {
        self.format == Format::Text
    }

    /// Rows under headings, without borders, as wide as they need to be.
    pub fn table(self, headings: &[&str], rows: Vec<Vec<String>>) {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING).set_header(headings.to_vec());
        for row in rows {
            table.add_row(row);
        }
        // The library pads every cell by one space on both sides and the last column to its width.
        let text: Vec<String> = table.lines().map(|line| line.trim_end().trim_start_matches(' ').to_owned()).collect();
        self.data(&text.join("\n"));
    }
}

/// Milliseconds for people: `840ms`, `3.2s`, `4m10s`, `3h05m`, `2d04h`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0 => format!("{ms}ms"),
        1..60 => format!("{seconds}.{}s", ms % 1_000 / 100),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::{dollars, duration, instant};
    use crate::ids::TimeMs;

    #[test]
    fn durations_read_well() {
        let shown: Vec<String> = [0, 840, 3_250, 59_999, 250_000, 11_100_000, 187_200_000].map(duration).to_vec();
        assert_eq!(shown, ["0ms", "840ms", "3.2s", "59.9s", "4m10s", "3h05m", "2d04h"]);
    }

    #[test]
    fn instants_and_money_read_well() {
        assert_eq!(instant(TimeMs(1_700_000_000_123)), "2023-11-14T22:13:20Z");
        assert_eq!((dollars(0.0), dollars(0.000_42), dollars(1.5)), ("$0.00".to_owned(), "$0.000420".to_owned(), "$1.50".to_owned()));
    }
}
