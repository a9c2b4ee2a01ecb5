//! Pages by number, as this dialect has them. A page by number is found by counting from the beginning, so lists are read to an end.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::call::Call;
use crate::api::problem::Problem;

/// Things of a page where the request does not say, and at most.
const PER_PAGE_DEFAULT: usize = 15;
const PER_PAGE_MAX: usize = 100;
/// Things that are counted: behind this many there are no pages, and nothing says how many there are.
const ROWS_MAX: usize = 10_000;

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    page: usize,
    per_page: usize,
}

impl Wanted {
    /// # Errors
    /// 422 that names the field.
    pub fn read(page: Option<&String>, per_page: Option<&String>) -> Result<Self, Problem> {
        let read = |name: &'static str, given: Option<&String>, otherwise: usize, max: usize| {
            let number = given.map_or(Some(otherwise), |text| text.parse().ok());
            let wrong = || Problem::unfit(name, format!("it must be a whole number from 1 to {max}"));
            number.filter(|number| (1..=max).contains(number)).ok_or_else(wrong)
        };
        let per_page = read("per_page", per_page, PER_PAGE_DEFAULT, PER_PAGE_MAX)?;
        let page = read("page", page, 1, ROWS_MAX / per_page)?;
        Ok(Self { page, per_page })
    }
}

/// Picks the page out of everything.
pub struct Picker<T> {
    wanted: Wanted,
    seen: usize,
    rows: Vec<T>,
}

impl<T> Picker<T> {
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, seen: 0, rows: Vec::new() }
    }

    /// Counts one more, and keeps it if it is on the page.
    pub fn see(&mut self, row: T) {
        let first = (self.wanted.page - 1) * self.wanted.per_page;
        if (first..first + self.wanted.per_page).contains(&self.seen) {
            self.rows.push(row);
        }
        self.seen += 1;
    }

    /// No more has to be seen.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.seen > ROWS_MAX
    }

    #[must_use]
    pub fn picked(self) -> Picked<T> {
        let total = (self.seen <= ROWS_MAX).then_some(self.seen);
        Picked { wanted: self.wanted, total, rows: self.rows }
    }
}

/// The rows of a page, and how many there are in all.
pub struct Picked<T> {
    wanted: Wanted,
    /// None: more than are counted.
    total: Option<usize>,
    pub rows: Vec<T>,
}

impl<T> Picked<T> {
    /// The same page of something else.
    ///
    /// # Errors
    /// The first that `change` says.
    pub fn map<U>(self, change: impl FnMut(T) -> Result<U, Problem>) -> Result<Picked<U>, Problem> {
        let rows = self.rows.into_iter().map(change).collect::<Result<_, _>>()?;
        Ok(Picked { wanted: self.wanted, total: self.total, rows })
    }
}

/// A page.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    pub current_page: usize,
    pub data: Vec<T>,
    pub first_page_url: String,
    /// The place of the first one in the whole list, from 1.
    pub from: Option<usize>,
    /// As `total`.
    pub last_page: Option<usize>,
    pub last_page_url: Option<String>,
    pub next_page_url: Option<String>,
    pub path: String,
    pub per_page: usize,
    pub prev_page_url: Option<String>,
    pub to: Option<usize>,
    /// None where there are more than 10000.
    pub total: Option<usize>,
}

impl<T> Page<T> {
    /// The page with `data`, which stands for the rows of `picked`.
    #[must_use]
    pub fn of<R>(call: &Call, picked: &Picked<R>, data: Vec<T>) -> Self {
        let Picked { wanted: Wanted { page, per_page }, total, .. } = *picked;
        let path = format!("{}{}", call.app.settings.public_url.as_deref().unwrap_or_default(), call.path);
        let others = url::form_urlencoded::parse(call.query.as_bytes()).filter(|(name, _)| name != "page");
        let kept: Vec<(String, String)> = others.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let url = |page: usize| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&kept).append_pair("page", &page.to_string());
            format!("{path}?{}", query.finish())
        };
        let first = (page - 1) * per_page;
        let last_page = total.map(|total| total.div_ceil(per_page).max(1));
        let has_next = last_page.is_none_or(|last| page < last) && (page + 1) * per_page <= ROWS_MAX;
        Self {
            current_page: page,
            first_page_url: url(1),
            from: (!data.is_empty()).then_some(first + 1),
            last_page,
            last_page_url: last_page.map(&url),
            next_page_url: has_next.then(|| url(page + 1)),
            prev_page_url: (page > 1).then(|| url(page - 1)),
            to: (!data.is_empty()).then_some(first + data.len()),
            path,
            per_page,
            total,
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(page: &str, per_page: &str) -> Result<Wanted, Problem> {
        Wanted::read(Some(&page.to_owned()), Some(&per_page.to_owned()))
    }

    fn pick(wanted: Wanted, count: usize) -> (Vec<usize>, Option<usize>) {
        let mut picker = Picker::new(wanted);
        for row in 0..count {
            if picker.is_full() {
                break;
            }
            picker.see(row);
        }
        let Picked { rows, total, .. } = picker.picked();
        (rows, total)
    }

    #[test]
    fn a_page_is_picked_and_everything_is_counted() {
        assert_eq!(pick(Wanted::read(None, None).unwrap(), 20), ((0..15).collect(), Some(20)));
        assert_eq!(pick(wanted("2", "15").unwrap(), 20), ((15..20).collect(), Some(20)));
        assert_eq!(pick(wanted("3", "15").unwrap(), 20), (vec![], Some(20)));
        assert_eq!(pick(wanted("1", "1").unwrap(), ROWS_MAX + 5), (vec![0], None));
    }

    #[test]
    fn what_is_no_page_is_refused_by_name() {
        for (page, per_page, field) in [
            ("0", "1", "page"),
            ("x", "1", "page"),
            ("10001", "1", "page"),
            ("101", "100", "page"),
            ("1", "101", "per_page"),
            ("1", "-1", "per_page"),
        ] {
            let problem = wanted(page, per_page).unwrap_err();
            assert_eq!((problem.status, problem.errors.contains_key(field)), (422, true), "{page} {per_page}");
        }
    }
}
