//! The reference in the browser, and the vendor's vocabulary around agents.

use serde_json::json;

use super::harness::Server;

#[test]
fn the_reference_is_served_from_the_binary_under_a_strict_policy() {
    let server = Server::start();
    let client = server.root();
    let page = client.get("/docs");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (file, content_type, bytes_min) in [
        ("swagger-ui-bundle.js", "text/javascript", 1_000_000),
        ("swagger-ui.css", "text/css", 100_000),
        ("init.js", "text/javascript", 500),
    ] {
        let served = client.get(&format!("/docs/{file}"));
        assert_eq!(served.status, 200, "{file}");
        assert!(served.header("content-type").unwrap().starts_with(content_type) && served.body.len() > bytes_min, "{file}");
    }
    assert_eq!(client.get("/docs/../Cargo.toml").status, 404);
    assert_eq!(client.get("/docs/nothing.js").status, 404);
}

#[test]
fn there_is_one_network() {
    let server = Server::start();
    let client = server.root();
    let networks = client.get("/v1/tenants/default/networks").value();
    assert_eq!(networks, json!({"items": [{"id": "default", "displayName": "Default", "isDefault": true}]}));
}
