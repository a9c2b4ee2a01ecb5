//! Files over HTTP: what comes back, and what a hostile name or type does not do.

use super::harness::Server;

#[test]
fn a_file_comes_back_as_it_was_sent() {
    let server = Server::start();
    let client = server.tenant("acme");
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let sent = client.upload("/v1/tenants/acme/storage?temporary=true", "../r\u{fc}ckseite.bin", "application/x-thing", &bytes, &[]);
    assert_eq!(sent.status, 200, "{}", sent.text());
    let file = sent.value();
    assert_eq!((file["displayName"].as_str(), file["contentType"].as_str()), (Some("r\u{fc}ckseite.bin"), Some("application/x-thing")));
    assert!(file["expiresAt"].is_u64() && file["promptLink"].as_str().unwrap().contains(file["fileId"].as_str().unwrap()));
    let path = format!("/v1/tenants/acme/storage/{}", file["fileId"].as_str().unwrap());
    let got = client.get(&path);
    assert!(got.status == 200 && got.body == bytes);
    assert_eq!(got.header("content-type"), Some("application/x-thing"));
    assert_eq!(got.header("content-disposition"), Some("attachment; filename=\"r_ckseite.bin\"; filename*=UTF-8''r%C3%BCckseite.bin"));
    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
    assert!(got.header("content-security-policy").unwrap().contains("sandbox"));
    assert_eq!(client.request("DELETE", &path, &[], b"").unwrap().status, 204);
    assert_eq!(client.get(&path).status, 404);
    assert_eq!(client.request("DELETE", &path, &[], b"").unwrap().status, 404);
}

#[test]
fn pages_are_complete_and_newest_first() {
    let server = Server::start();
    let client = server.tenant("acme");
    let mut ids: Vec<String> = (0..5)
        .map(|n| {
            client.upload("/v1/tenants/acme/storage?temporary", &format!("{n}"), "text/plain", b"x", &[]).value()["fileId"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    ids.reverse();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/v1/tenants/acme/storage?pageSize=2&pageToken={token}")).value();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["fileId"].as_str().unwrap().to_owned()));
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(seen, ids);
}

#[test]
fn forms_that_are_none_are_refused_and_leave_nothing() {
    let server = Server::start();
    let client = server.tenant("acme");
    let path = "/v1/tenants/acme/storage";
    let form = |body: &str| client.request("POST", path, &[("content-type", "multipart/form-data; boundary=b")], body.as_bytes()).unwrap();
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n";
    for body in [
        "",
        "nonsense",
        "--b--\r\n",
        part,
        "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--\r\n",
        &format!("{part}{part}--b--\r\n"),
        "--b\r\n\r\nx\r\n--b--\r\n",
    ] {
        let answer = form(body);
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
    }
    assert_eq!(client.json("POST", path, &serde_json::json!({})).status, 415);
    assert_eq!(client.request("POST", path, &[("content-type", "multipart/form-data")], b"x").unwrap().status, 400, "no boundary");
    assert_eq!(client.upload("/v1/tenants/acme/storage?temporary=perhaps", "a", "text/plain", b"x", &[]).status, 400);
    let large = client.upload(path, "a", "text/plain", &vec![b'x'; 26 << 20], &[]);
    assert_eq!(large.status, 413);
    assert_eq!(client.get(path).value()["items"], serde_json::json!([]));
}
