//! Which row of the table a path means. A path is compared part by part with the rows that have as many parts, those that spell more out first;
//! no expression is run, so what a lookup costs does not grow with what the client sent.

use std::collections::HashMap;
use std::sync::Arc;

use super::dialects::Dialect;
use super::route::{Method, Route};

/// A part of a path between two slashes.
enum Part {
    Plain(&'static str),
    /// A name, and what follows it in the same part: `:action` or nothing.
    Name(&'static str, &'static str),
}

impl Part {
    fn of(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, action)) => Self::Name(name, action),
            None => Self::Plain(text),
        }
    }

    /// Whether this may have been meant, whatever a name stands for.
    fn is_like(&self, text: &str) -> bool {
        match self {
            Self::Plain(plain) => *plain == text,
            Self::Name(_, action) => text.ends_with(action),
        }
    }

    /// What a name stands for here; outside of it, nothing.
    fn value<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Plain(plain) => (*plain == text).then_some(""),
            Self::Name(_, action) => text.strip_suffix(action).filter(|value| !value.is_empty() && !value.contains(':')),
        }
    }
}

/// One path of the table, with a row for each of its methods.
pub struct Path {
    parts: Vec<Part>,
    routes: Vec<Arc<Route>>,
}

impl Path {
    pub fn route(&self, method: &str) -> Option<&Arc<Route>> {
        self.routes.iter().find(|route| route.method.name() == method)
    }

    /// For the header `Allow`.
    pub fn methods(&self) -> String {
        let names: Vec<&str> = self.routes.iter().map(|route| Method::name(route.method)).collect();
        names.join(", ")
    }

    fn values(&self, parts: &[&str]) -> Option<HashMap<&'static str, String>> {
        let mut values = HashMap::new();
        for (part, text) in self.parts.iter().zip(parts) {
            let value = part.value(text)?;
            if let Part::Name(name, _) = part {
                values.insert(*name, value.to_owned());
            }
        }
        Some(values)
    }
}

/// Every path of the table, by the number of its parts.
#[derive(Default)]
pub struct Paths {
    by_parts: HashMap<usize, Vec<Path>>,
}

impl Paths {
    pub fn of(table: &[Route]) -> Self {
        let mut rows: Vec<&Route> = table.iter().collect();
        // What is spelt out comes before what may be anything.
        rows.sort_by_key(|route| route.path.replace('{', "\u{10ffff}"));
        let mut paths = Self::default();
        for rows in rows.chunk_by(|one, next| one.path == next.path) {
            let Some(first) = rows.first() else { continue };
            let parts: Vec<Part> = first.path.split('/').map(Part::of).collect();
            let routes = rows.iter().map(|route| Arc::new(Route::clone(route))).collect();
            paths.by_parts.entry(parts.len()).or_default().push(Path { parts, routes });
        }
        paths
    }

    /// In whose words to say that there is no such path: those of the first row that looks like it.
    pub fn dialect(&self, path: &str) -> Dialect {
        let parts: Vec<&str> = path.split('/').collect();
        let is_like = |row: &&Path| row.parts.iter().zip(&parts).all(|(part, text)| part.is_like(text));
        let like = self.by_parts.get(&parts.len()).and_then(|rows| rows.iter().find(is_like));
        like.and_then(|row| row.routes.first()).map_or(Dialect::Native, |route| route.dialect)
    }

    /// The path that is meant, and what its names stand for.
    pub fn find(&self, path: &str) -> Option<(&Path, HashMap<&'static str, String>)> {
        let parts: Vec<&str> = path.split('/').collect();
        self.by_parts.get(&parts.len())?.iter().find_map(|row| Some((row, row.values(&parts)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> Option<(String, Vec<(&'static str, String)>)> {
        let paths = Paths::of(&crate::api::routes::table());
        let (row, values) = paths.find(path)?;
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort();
        Some((row.routes.first()?.path.to_owned(), values))
    }

    #[test]
    fn a_path_means_the_row_that_spells_most_of_it_out() {
        let (row, values) = found("/v1/tenants/t/agents/a:execute").unwrap();
        assert_eq!(row, "/v1/tenants/{tenant}/agents/{agent}:execute");
        assert_eq!(values, [("agent", "a".to_owned()), ("tenant", "t".to_owned())]);
        let (row, _) = found("/v1/tenants/t/apiKeys/current").unwrap();
        assert_eq!(row, "/v1/tenants/{tenant}/apiKeys/current");
        let (row, _) = found("/v1/tenants/t/apiKeys/other").unwrap();
        assert_eq!(row, "/v1/tenants/{tenant}/apiKeys/{key}");
    }

    #[test]
    fn what_is_no_path_is_said_in_the_words_that_were_meant() {
        let paths = Paths::of(&crate::api::routes::table());
        for (path, dialect) in [
            ("/v1/responses/a:b", Dialect::OpenAi),
            ("/api/files/a:b/process", Dialect::Chat),
            ("/v1/tenants/t/agents/a:b:execute", Dialect::Native),
            ("/nothing", Dialect::Native),
        ] {
            assert!(paths.find(path).is_none(), "{path}");
            assert_eq!(paths.dialect(path), dialect, "{path}");
        }
    }

    #[test]
    fn every_row_is_found_under_its_own_path() {
        let table = crate::api::routes::table();
        let paths = Paths::of(&table);
        for route in &table {
            let path = route.path.replace(['{', '}'], "");
            let (row, _) = paths.find(&path).unwrap_or_else(|| panic!("{path}"));
            assert!(row.route(route.method.name()).is_some(), "{} {path}", route.method.name());
        }
    }

    #[test]
    fn what_only_resembles_a_path_is_none() {
        for path in [
            "/v1/tenants/t/agents/",
            "/v1/tenants//agents",
            "//v1/tenants/t/agents",
            "/V1/tenants/t/agents",
            "/v1/tenants/t/agents/a:b:execute",
            "/v1/tenants/t/agents/:execute",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
