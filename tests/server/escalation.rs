//! A key that makes keys gives nobody more than it holds itself.

use serde_json::json;

use super::harness::Server;

#[test]
fn a_key_that_makes_keys_gives_nobody_more_than_it_holds() {
    let server = Server::start();
    let admin = server.tenant("acme");
    let keys = "/v1/tenants/acme/apiKeys";
    let victim = admin.get(keys).value()[0]["id"].as_str().unwrap().to_owned();
    let clerk = admin.json("POST", &format!("{keys}:generate"), &json!({"name": "clerk", "scopes": ["keys:read", "keys:write"]}));
    let clerk = server.client(clerk.value()["apiKey"].as_str().unwrap());
    for path in [format!("{keys}/{victim}:rotate"), format!("/v1/tenants/acme/tokens/{victim}:rotate")] {
        assert_eq!(clerk.json("POST", &path, &json!({})).status, 403, "{path}");
    }
    assert_eq!(admin.json("POST", &format!("{keys}:generate"), &json!({"name": "spare", "scopes": ["admin"]})).status, 200);
    let spare = admin.get(keys).value().as_array().unwrap().iter().find(|key| key["name"] == "spare").unwrap()["id"].clone();
    let spare = format!("{keys}/{}", spare.as_str().unwrap());
    assert_eq!(admin.json("PATCH", &spare, &json!({"isActive": false})).status, 200);
    assert_eq!(clerk.json("PATCH", &spare, &json!({"isActive": true})).status, 403, "what was switched off stays off");
    let made = |body| clerk.json("POST", &format!("{keys}:generate"), &body);
    assert_eq!(made(json!({"name": "x", "scopes": ["admin"]})).status, 403);
    assert_eq!(made(json!({"name": "x", "user": "bob"})).status, 403, "nobody takes another person's name");
    let own = made(json!({"name": "x", "scopes": ["keys:read"]}));
    assert_eq!((own.status, own.value()["user"].as_str()), (200, Some("clerk")));
}
