//! Durations and backoffs as a flow file writes them: `30s`, `1s..30s`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `500ms 30s 10m 2h 3d`: a whole number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    pub ms: u64,
}

/// `1s..30s`: the first delay and the ceiling; or one duration for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub min: Duration,
    pub max: Duration,
}

/// A text that is no duration or backoff.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no duration; write a whole number and a unit: 500ms, 30s, 10m, 2h, 3d")]
pub struct BadDuration(String);

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl FromStr for Duration {
    type Err = BadDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadDuration(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let count: u64 = text[..digits].parse().map_err(|_| bad())?;
        let (_, unit_ms) = UNITS.iter().find(|(unit, _)| *unit == &text[digits..]).ok_or_else(bad)?;
        Ok(Self { ms: count.checked_mul(*unit_ms).ok_or_else(bad)? })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = UNITS.iter().rev().find(|(_, unit_ms)| self.ms >= *unit_ms && self.ms.is_multiple_of(*unit_ms));
        let (unit, unit_ms) = exact.unwrap_or(&UNITS[0]);
        write!(f, "{}{unit}", self.ms / unit_ms)
    }
}

impl FromStr for Backoff {
    type Err = BadDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let (min, max): (Duration, Duration) = (min.parse()?, max.parse()?);
        if min > max {
            return Err(BadDuration(text.to_owned()));
        }
        Ok(Self { min, max })
    }
}

impl fmt::Display for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max { self.min.fmt(f) } else { write!(f, "{}..{}", self.min, self.max) }
    }
}

macro_rules! written_as_text {
    ($name:ident, $pattern:literal, $example:literal) => {
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": $pattern, "examples": [$example]})
            }
        }
    };
}

written_as_text!(Duration, "^[0-9]+(ms|s|m|h|d)$", "30s");
written_as_text!(Backoff, "^[0-9]+(ms|s|m|h|d)(\\.\\.[0-9]+(ms|s|m|h|d))?$", "1s..30s");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_and_writes_the_largest_exact_unit() {
        for (text, ms, written) in
            [("500ms", 500, "500ms"), ("90s", 90_000, "90s"), ("120s", 120_000, "2m"), ("24h", 86_400_000, "1d"), ("0s", 0, "0ms")]
        {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.ms, duration.to_string().as_str()), (ms, written), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "-5s", "5 s", "1.5h", "5w", "99999999999999999999d", "9999999999999999d"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_backoff_has_a_first_delay_and_a_ceiling() {
        let backoff: Backoff = "1s..30s".parse().unwrap();
        assert_eq!((backoff.min.ms, backoff.max.ms, backoff.to_string().as_str()), (1_000, 30_000, "1s..30s"));
        assert_eq!("5s".parse::<Backoff>().unwrap().to_string(), "5s");
        assert!("30s..1s".parse::<Backoff>().is_err());
    }
}
