//! The table of routes: every operation there is. Nothing is served that does not stand here.

use super::route::Route;
use super::{console, decide, dialects, docs, native, operate, sign_in};

/// Every operation, in the order of the OpenAPI document.
#[must_use]
pub fn table() -> Vec<Route> {
    let mut routes = operate::routes();
    routes.extend(docs::routes());
    routes.extend(console::routes());
    routes.extend(sign_in::routes());
    routes.extend(native::routes());
    routes.extend(dialects::routes());
    routes.extend(decide::routes());
    routes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::route::{Access, Payload};
    use super::*;

    #[test]
    fn operations_and_paths_are_unique() {
        let (mut operations, mut paths) = (HashSet::new(), HashSet::new());
        for route in table() {
            assert!(operations.insert(route.operation), "operation {} stands twice", route.operation);
            assert!(paths.insert((route.method, route.path)), "{} {} stands twice", route.method.name(), route.path);
        }
    }

    #[test]
    fn what_is_public_is_on_a_short_list() {
        let public: Vec<&str> = table().iter().filter(|route| route.access == Access::Public).map(|route| route.path).collect();
        let known = [
            "/livez",
            "/readyz",
            "/metrics",
            "/openapi.json",
            "/docs",
            "/docs/{file}",
            "/",
            "/assets/{file}",
            "/swagger/v1/swagger.json",
            "/v1/signIn",
            "/decide/{token}",
            "/hooks/{hook}",
        ];
        let unknown: Vec<&&str> = public.iter().filter(|path| !known.contains(path)).collect();
        assert!(unknown.is_empty(), "public, and not on the list of this test: {unknown:?}");
    }

    #[test]
    fn every_route_answers_something_and_reads_carry_no_body() {
        for route in table() {
            assert!(!route.answers.is_empty(), "{} says not what it answers", route.operation);
            let carries = !matches!(route.payload, Payload::Nothing);
            assert!(!(carries && route.method.name() == "GET"), "{} reads with a body", route.operation);
        }
    }
}
