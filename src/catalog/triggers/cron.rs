//! Cron expressions: five fields (minute, hour, day of month, month, day of week) or six with seconds in front. Pure: which local times fit,
//! nothing of zones; `timetable` makes instants of them.

use jiff::civil::{Date, DateTime, Time};

/// No expression is longer.
const EXPRESSION_BYTES_MAX: usize = 200;
/// A fitting day is looked for this far ahead: longer than any rhythm of the calendar (29 February on a given weekday comes within 40 years).
const DAYS_AHEAD_MAX: u32 = 50 * 366;
/// The last second of a day.
const DAY_SECONDS: u32 = 24 * 60 * 60;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What is wrong with an expression, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("a cron expression has five fields (minute hour day month weekday), or six with seconds in front; this has {0}")]
    Fields(usize),
    #[error("at most {EXPRESSION_BYTES_MAX} bytes")]
    Long,
    #[error("`{0}` is no macro; there are @yearly, @monthly, @weekly, @daily and @hourly")]
    Macro(String),
    #[error("{field}: `{text}` is nothing that fits; write a number from {first} to {last}, `a-b`, `*`, `/step`, or several with commas")]
    Item { field: &'static str, text: String, first: u32, last: u32 },
    #[error("no day ever fits this expression")]
    Never,
}

/// One field: the values that fit, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    bits: u64,
    /// It begins with `*`: for days, it then restricts nothing that the other day field does not.
    is_star: bool,
}

impl Field {
    fn has(self, value: u32) -> bool {
        value < 64 && self.bits & (1 << value) != 0
    }

    /// The smallest fitting value from `from` on.
    fn next(self, from: u32) -> Option<u32> {
        let left = if from < 64 { self.bits >> from << from } else { 0 };
        (left != 0).then(|| left.trailing_zeros())
    }
}

/// A range of values and what they are called.
struct Shape {
    name: &'static str,
    first: u32,
    last: u32,
    /// Names of the values, the first one's first.
    words: &'static [&'static str],
}

const SECOND: Shape = Shape { name: "second", first: 0, last: 59, words: &[] };
const MINUTE: Shape = Shape { name: "minute", first: 0, last: 59, words: &[] };
const HOUR: Shape = Shape { name: "hour", first: 0, last: 23, words: &[] };
const DAY: Shape = Shape { name: "day of month", first: 1, last: 31, words: &[] };
const MONTH: Shape = Shape { name: "month", first: 1, last: 12, words: &MONTHS };
/// 7 is Sunday too.
const WEEKDAY: Shape = Shape { name: "day of week", first: 0, last: 7, words: &WEEKDAYS };

impl Shape {
    fn wrong(&self, text: &str) -> Error {
        Error::Item { field: self.name, text: text.to_owned(), first: self.first, last: self.last }
    }

    fn value(&self, text: &str) -> Result<u32, Error> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let word = word.and_then(|at| u32::try_from(at).ok()).map(|at| at + self.first);
        let number = || text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        word.or_else(number).filter(|value| (self.first..=self.last).contains(value)).ok_or_else(|| self.wrong(text))
    }

    fn field(&self, text: &str) -> Result<Field, Error> {
        let mut bits = 0;
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(step)),
                None => (item, None),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" || range == "?" => (self.first, self.last),
                Some((from, to)) => (self.value(from)?, self.value(to)?),
                // `5/10` goes on from 5 to the end.
                None if step.is_some() => (self.value(range)?, self.last),
                None => (self.value(range)?, self.value(range)?),
            };
            let step = match step {
                None => 1,
                Some(step) => step.parse::<u8>().ok().filter(|step| *step > 0).map(usize::from).ok_or_else(|| self.wrong(item))?,
            };
            if from > to {
                return Err(self.wrong(item));
            }
            bits = (from..=to).step_by(step).fold(bits, |bits, value| bits | 1 << value);
        }
        Ok(Field { bits, is_star: text.starts_with(['*', '?']) })
    }
}

/// An expression, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    /// `L`: the last day of each month, whichever that is.
    is_last_day: bool,
    month: Field,
    weekday: Field,
}

impl Cron {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(Error::Long);
        }
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            text if text.starts_with('@') => return Err(Error::Macro(text.to_owned())),
            text => text,
        };
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let (second, rest) = match fields.as_slice() {
            rest @ [_, _, _, _, _] => ("0", rest),
            [second, rest @ ..] if rest.len() == 5 => (*second, rest),
            other => return Err(Error::Fields(other.len())),
        };
        let is_last_day = rest[2].eq_ignore_ascii_case("l");
        let mut weekday = WEEKDAY.field(rest[4])?;
        if weekday.has(7) {
            weekday.bits |= 1;
        }
        let cron = Self {
            second: SECOND.field(second)?,
            minute: MINUTE.field(rest[0])?,
            hour: HOUR.field(rest[1])?,
            day: if is_last_day { Field { bits: 0, is_star: false } } else { DAY.field(rest[2])? },
            is_last_day,
            month: MONTH.field(rest[3])?,
            weekday,
        };
        // A leap year, so that 29 February counts as a day.
        let begin = Date::constant(2024, 1, 1).to_datetime(Time::midnight());
        if cron.next(begin).is_none() { Err(Error::Never) } else { Ok(cron) }
    }

    /// Whether it fits in every hour of a day that it fits.
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        (0..24).all(|hour| self.hour.has(hour))
    }

    /// Whether this local time fits, to the second.
    #[must_use]
    pub fn fits(&self, at: DateTime) -> bool {
        self.second.has(number(at.second()))
            && self.minute.has(number(at.minute()))
            && self.hour.has(number(at.hour()))
            && self.fits_day(at.date())
    }

    /// The first fitting local time at or after `from`, to the second.
    #[must_use]
    pub fn next(&self, from: DateTime) -> Option<DateTime> {
        let begun = from.time().subsec_nanosecond() > 0;
        let from_second = number(from.hour()) * 3_600 + number(from.minute()) * 60 + number(from.second()) + u32::from(begun);
        let mut date = from.date();
        let mut second = from_second;
        for _ in 0..DAYS_AHEAD_MAX {
            if self.fits_day(date)
                && let Some(found) = self.next_in_day(second)
            {
                return Some(date.to_datetime(time(found)?));
            }
            date = date.tomorrow().ok()?;
            second = 0;
        }
        None
    }

    /// Of unix cron: where both day fields restrict, either is enough.
    fn fits_day(&self, date: Date) -> bool {
        let day = self.day.has(number(date.day())) || (self.is_last_day && date.day() == date.days_in_month());
        let weekday = self.weekday.has(number(date.weekday().to_sunday_zero_offset()));
        let either = !self.day.is_star && !self.weekday.is_star;
        self.month.has(number(date.month())) && if either { day || weekday } else { day && weekday }
    }

    /// The first fitting second of a day at or after `from`.
    fn next_in_day(&self, from: u32) -> Option<u32> {
        if from >= DAY_SECONDS {
            return None;
        }
        let (hour, minute, second) = (from / 3_600, from / 60 % 60, from % 60);
        if self.hour.has(hour) {
            if self.minute.has(minute)
                && let Some(second) = self.second.next(second)
            {
                return Some(hour * 3_600 + minute * 60 + second);
            }
            if let Some(minute) = self.minute.next(minute + 1) {
                return Some(hour * 3_600 + minute * 60 + self.second.next(0)?);
            }
        }
        Some(self.hour.next(hour + 1)? * 3_600 + self.minute.next(0)? * 60 + self.second.next(0)?)
    }
}

fn number(part: i8) -> u32 {
    u32::from(part.unsigned_abs())
}

fn time(second: u32) -> Option<Time> {
    let part = |value: u32| i8::try_from(value).ok();
    Time::new(part(second / 3_600)?, part(second / 60 % 60)?, part(second % 60)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    fn check(expression: &str, from: &str, expected: &[&str]) {
        let cron = Cron::parse(expression).unwrap();
        let mut next = at(from);
        for expected in expected {
            next = cron.next(next).unwrap();
            assert_eq!(next, at(expected), "{expression} from {from}");
            next = next.checked_add(1.second()).unwrap();
        }
    }

    #[test]
    fn what_is_written_is_what_fits() {
        check("*/15 9-17 * * mon-fri", "2026-11-27T17:50:00", &["2026-11-30T09:00:00", "2026-11-30T09:15:00"]);
        check("30 2 * * *", "2026-01-31T02:30:01", &["2026-02-01T02:30:00"]);
        check("*/20 * * * * *", "2026-01-01T00:00:41", &["2026-01-01T00:01:00", "2026-01-01T00:01:20"]);
        check("0 0 29 2 *", "2026-01-01T00:00:00", &["2028-02-29T00:00:00", "2032-02-29T00:00:00"]);
        check("0 12 L * *", "2026-01-31T13:00:00", &["2026-02-28T12:00:00", "2026-03-31T12:00:00"]);
        // Either day is enough where both are named; together where one is a star.
        check("0 0 13 * fri", "2026-11-01T00:00:00", &["2026-11-06T00:00:00", "2026-11-13T00:00:00", "2026-11-20T00:00:00"]);
        check("0 0 */2 * 7", "2026-11-01T00:00:00", &["2026-11-01T00:00:00", "2026-11-15T00:00:00"]);
        check("@weekly", "2026-11-25T00:00:00", &["2026-11-29T00:00:00"]);
        check("5/20 0 1 JAN ?", "2026-11-25T00:00:00", &["2027-01-01T00:05:00", "2027-01-01T00:25:00", "2027-01-01T00:45:00"]);
    }

    #[test]
    fn what_means_nothing_is_refused_by_its_field() {
        assert_eq!(Cron::parse("* * * *"), Err(Error::Fields(4)));
        assert_eq!(Cron::parse("0 0 30 2 *"), Err(Error::Never));
        assert!(matches!(Cron::parse("@often"), Err(Error::Macro(_))));
        for (text, field) in [
            ("60 * * * *", "minute"),
            ("* 24 * * *", "hour"),
            ("* * 0 * *", "day of month"),
            ("* * * 13 *", "month"),
            ("* * * * 8", "day of week"),
            ("* * * * mo", "day of week"),
            ("*/0 * * * *", "minute"),
            ("9-5 * * * *", "minute"),
            ("+1 * * * *", "minute"),
            (", * * * *", "minute"),
            ("60 0 * * * *", "second"),
        ] {
            assert!(
                matches!(Cron::parse(text), Err(Error::Item { field: found, .. }) if found == field),
                "{text}: {:?}",
                Cron::parse(text)
            );
        }
    }

    /// One field that fits between `first` and `last`.
    pub fn field(first: u32, last: u32) -> impl Strategy<Value = String> {
        prop_oneof![
            3 => Just("*".to_owned()),
            2 => (first..=last).prop_map(|value| value.to_string()),
            1 => (1..=last).prop_map(|step| format!("*/{step}")),
            1 => (first..=last, first..=last).prop_map(|(one, other)| format!("{}-{}", one.min(other), one.max(other))),
            1 => (first..=last, first..=last).prop_map(|(one, other)| format!("{one},{other}")),
        ]
    }

    proptest! {
        /// Against a walk minute by minute.
        #[test]
        fn next_is_the_first_minute_that_fits(
            minute in field(0, 59), hour in field(0, 23), day in field(1, 28), month in field(1, 12), weekday in field(0, 7), from in 0_i64..525_600
        ) {
            let expression = format!("{minute} {hour} {day} {month} {weekday}");
            let cron = Cron::parse(&expression).unwrap();
            let from = at("2026-01-01T00:00:00").checked_add(from.minutes()).unwrap();
            let Some(found) = cron.next(from) else { return Ok(()) };
            prop_assert!(cron.fits(found), "{expression}: {found}");
            let mut walked = from;
            for _ in 0..20_000 {
                if walked == found {
                    break;
                }
                prop_assert!(walked < found && !cron.fits(walked), "{expression} from {from}: {walked} comes before {found}");
                walked = walked.checked_add(1.minute()).unwrap();
            }
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[-*/,0-9a-zL? @]{0,40}") {
            let _ = Cron::parse(&text);
        }
    }
}
