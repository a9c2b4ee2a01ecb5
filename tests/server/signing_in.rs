//! Signing a browser in: the cookie is worth what its key is worth, and no foreign page can use it.

use serde_json::json;

use super::harness::{Client, ROOT_KEY, Server};

#[test]
fn a_cookie_stands_for_its_key_until_somebody_signs_out() {
    let server = Server::start();
    let nobody = Client { address: server.address, key: None };
    assert_eq!(nobody.json("POST", "/v1/signIn", &json!({"key": "fgk_wrong"})).status, 401);
    let signed = nobody.json("POST", "/v1/signIn", &json!({"key": ROOT_KEY}));
    assert_eq!((signed.status, signed.value()["user"].as_str()), (200, Some("root")));
    let set = signed.header("set-cookie").unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains(ROOT_KEY), "{set}");
    let cookie = set.split(';').next().unwrap();
    let host = server.address.to_string();
    let (own, foreign) = (format!("http://{host}"), "https://evil.example".to_owned());
    let ask = |method: &str, path: &str, origin: Option<&str>, body: &[u8]| {
        let mut headers = vec![("cookie", cookie), ("content-type", "application/json")];
        headers.extend(origin.map(|origin| ("origin", origin)));
        nobody.request(method, path, &headers, body).unwrap()
    };
    assert_eq!(ask("GET", "/v1/tenants/default/agents", None, b"").status, 200);
    let create =
        |origin: Option<&str>, id: &str| ask("POST", "/v1/tenants/default/agents", origin, json!({"id": id}).to_string().as_bytes());
    assert_eq!(create(None, "one").code(), "foreign_origin");
    assert_eq!(create(Some(&foreign), "two").code(), "foreign_origin");
    assert_eq!(create(Some(&own), "three").status, 201);
    let listed = server.root().get("/v1/tenants/default/agents").value();
    assert_eq!(listed.as_array().unwrap().len(), 1, "what was refused left nothing behind");
    assert_eq!(ask("DELETE", "/v1/signIn/current", Some(&own), b"").status, 204);
    assert_eq!(ask("GET", "/v1/tenants/default/agents", None, b"").status, 401);
}
