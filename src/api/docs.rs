//! `/docs`: the reference of this interface, in the browser, without the internet. The page draws the OpenAPI document; its files are
//! built in. Every address in it is relative, so that it works behind any prefix.

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::route::{Access, Content, Route};

/// Scripts and styles of ours only; the page talks to this server only; nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// A new version of the program is seen within the hour.
const CACHE: &str = "public, max-age=3600";

/// A built-in file.
struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

const PAGE: &[u8] = include_bytes!("docs/index.html");
const FILES: [File; 4] = [
    File { name: "init.js", content_type: "text/javascript; charset=utf-8", bytes: include_bytes!("docs/init.js") },
    File {
        name: "swagger-ui-bundle.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("docs/swagger-ui-bundle.js"),
    },
    File { name: "swagger-ui.css", content_type: "text/css; charset=utf-8", bytes: include_bytes!("docs/swagger-ui.css") },
    File {
        name: "swagger-ui-bundle.js.LICENSE.txt",
        content_type: "text/plain; charset=utf-8",
        bytes: include_bytes!("docs/swagger-ui-bundle.js.LICENSE.txt"),
    },
];

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/docs", "docs", "This interface, to read and to try")
            .access(Access::Public)
            .answers_with(200, Content::Other("text/html"))
            .to(page),
        Route::get("/docs/{file}", "docsFile", "What that page consists of")
            .access(Access::Public)
            .answers_with(200, Content::Other("*/*"))
            .to(file),
    ]
}

async fn page(_: Call) -> Result<Answer, Problem> {
    let answer = Answer::bytes("text/html; charset=utf-8", PAGE.to_vec());
    Ok(answer.header("content-security-policy", POLICY).header("referrer-policy", "no-referrer"))
}

async fn file(call: Call) -> Result<Answer, Problem> {
    let name = call.parameter("file")?;
    let file = FILES.iter().find(|file| file.name == name).ok_or_else(|| Problem::not_found("file", name))?;
    Ok(Answer::bytes(file.content_type, file.bytes.to_vec()).header("cache-control", CACHE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_no_script_of_its_own_and_names_only_files_that_are_there() {
        let page = std::str::from_utf8(PAGE).unwrap();
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"docs/").count(), "no inline script");
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("http"), "no inline style, nothing from elsewhere");
        let named: Vec<&str> = page.split("\"docs/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(named.len(), 3);
        assert!(named.iter().all(|name| FILES.iter().any(|file| file.name == *name)), "{named:?}");
    }
}
