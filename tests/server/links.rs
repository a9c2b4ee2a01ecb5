//! An approver without a key: the mail, the page behind its link, one decision.

use super::bench::{Bench, GATE, Reply, Server, request};
use super::receivers::MailServer;

fn post(server: &Server, path: &str, form: &str) -> Reply {
    request(&server.address, "POST", path, &[("content-type", "application/x-www-form-urlencoded")], form)
}

#[test]
fn a_mail_s_link_decides_once() {
    let mails = MailServer::start();
    let bench = Bench::new();
    bench.write("gate.yaml", GATE);
    let settings = format!(
        "[notify]\napprovers = {{ any = ['desk@x.example'] }}\n[notify.smtp]\nhost = '127.0.0.1'\nport = {}\nfrom = 'flows@x.example'\ntls = 'none'\n",
        mails.port
    );
    bench.write("flowgate.toml", &settings);
    // What happens from the first start on is told.
    bench.serve().kill();
    let started = bench.json(&["run", "gate.yaml", "--input", r#"{"amount": 30}"#, "-o", "json"]);
    let execution = started["id"].as_str().unwrap();
    let server = bench.serve();
    let mail = mails.next();
    assert!(
        mail.contains("RCPT TO:<desk@x.example>") && mail.contains("Subject: [gate] Pay 30 EUR?") && mail.contains(execution),
        "{mail}"
    );
    let link = mail.split_whitespace().find(|word| word.contains("/decide/")).unwrap();
    let path = link.strip_prefix(&format!("http://{}", server.address)).unwrap_or_else(|| panic!("{link}"));
    let anybody = |path: &str| request(&server.address, "GET", path, &[], "");
    for _ in 0..2 {
        let page = anybody(path);
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(
            page.body.contains("Pay 30 EUR?") && page.body.contains("sha256:") && page.body.contains("input.amount = 30"),
            "{}",
            page.body
        );
        assert!(
            page.headers.contains("content-security-policy: default-src 'none'") && page.headers.contains("referrer-policy: no-referrer")
        );
        assert!(page.headers.contains("cache-control: no-store") && !page.body.contains("<script"));
    }
    assert_eq!(post(&server, path, "decision=edit").status, 400, "not offered");
    assert_eq!(post(&server, &format!("{path}x"), "decision=approve").status, 404);
    assert_eq!(anybody("/decide/fgl_unknown").status, 404);
    let decided = post(&server, path, "decision=approve&reason=receipt+%3Cb%3Echecked");
    assert_eq!(decided.status, 200, "{}", decided.body);
    assert!(decided.body.contains("approved by desk@x.example") && decided.body.contains("receipt &lt;b&gt;checked"), "{}", decided.body);
    for again in [post(&server, path, "decision=reject"), post(&server, path, "decision=approve"), anybody(path)] {
        assert_eq!(again.status, 410, "{}", again.body);
        assert!(again.body.contains("This link was used") && again.body.contains("approved by desk@x.example"), "{}", again.body);
    }
    server.kill();
    // The server may have been killed on the way to the end.
    bench.command(&["exec", "resume", execution]).output().unwrap();
    let shown = bench.json(&["exec", "show", execution, "-o", "json"]);
    assert_eq!((&shown["status"], shown["output"]["paid"].as_f64()), (&"COMPLETED".into(), Some(30.0)), "{shown}");
}
