//! `/`: the console. The page finds its own way behind `#`, so nothing here but itself and the files that it consists of, and no path of
//! the interface can collide with one of its places. The files are built in; `src/console/README.md` says how they are made.

use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::route::{Access, Content, Route};

mod files;

/// Scripts and styles of ours only; the page talks to this server only; nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// A file's name changes with its content.
const CACHE: &str = "public, max-age=31536000, immutable";
/// The page names those files, so it is asked for every time; the tag makes that cheap.
const PAGE_CACHE: &str = "no-cache";

/// A built-in file.
struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/", "console", "The console, in the browser")
            .access(Access::Public)
            .headers(&["If-None-Match"])
            .answers_with(200, Content::Other("text/html"))
            .answers_with(304, Content::Nothing)
            .to(page),
        Route::get("/assets/{file}", "consoleFile", "What the console consists of")
            .access(Access::Public)
            .answers_with(200, Content::Other("*/*"))
            .to(file),
    ]
}

/// The page's tag: it changes with the page.
fn page_tag() -> String {
    let digest = Sha256::digest(files::PAGE);
    format!("\"{}\"", digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Whether a browser that names these tags has this one.
fn has(tags: Option<&str>, tag: &str) -> bool {
    tags.is_some_and(|tags| tags.split(',').map(|known| known.trim().trim_start_matches("W/")).any(|known| known == "*" || known == tag))
}

async fn page(call: Call) -> Result<Answer, Problem> {
    let tag = page_tag();
    let answer = if has(call.header("if-none-match"), &tag) {
        Answer::empty(304)
    } else {
        Answer::bytes("text/html; charset=utf-8", files::PAGE.to_vec())
    };
    let answer = answer.header("etag", tag).header("cache-control", PAGE_CACHE);
    Ok(answer.header("content-security-policy", POLICY).header("referrer-policy", "no-referrer"))
}

async fn file(call: Call) -> Result<Answer, Problem> {
    let name = call.parameter("file")?;
    let file = files::FILES.iter().find(|file| file.name == name).ok_or_else(|| Problem::not_found("file", name))?;
    Ok(Answer::bytes(file.content_type, file.bytes.to_vec()).header("cache-control", CACHE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_no_script_or_style_of_its_own_and_names_only_files_that_are_there() {
        let page = std::str::from_utf8(files::PAGE).unwrap();
        assert_eq!(page.matches("<script").count(), page.matches("src=\"./assets/").count(), "no inline script");
        assert!(!page.contains("<style") && !page.contains(" style="), "no inline style");
        let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:") && !elsewhere.contains("\"//"), "nothing from elsewhere");
        let named: Vec<&str> = page.split("\"./assets/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(named.len() >= 2, "{named:?}");
        assert!(named.iter().all(|name| files::FILES.iter().any(|file| file.name == *name)), "{named:?}");
    }

    #[test]
    fn every_import_leads_to_a_file_that_is_there() {
        let scripts = files::FILES.iter().filter(|file| file.name.ends_with(".js"));
        for script in scripts {
            let text = std::str::from_utf8(script.bytes).unwrap();
            let named = text.split("import(\"./").skip(1).filter_map(|rest| rest.split('"').next());
            for name in named {
                assert!(files::FILES.iter().any(|file| file.name == name), "{} imports {name}", script.name);
            }
        }
    }

    #[test]
    fn a_browser_that_has_the_page_is_told_so() {
        let tag = page_tag();
        assert!(has(Some(&tag), &tag) && has(Some(&format!("\"old\", W/{tag}")), &tag) && has(Some("*"), &tag));
        assert!(!has(Some("\"old\""), &tag) && !has(None, &tag));
    }
}
