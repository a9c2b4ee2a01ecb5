//! `/media/conversations/…`: the files of executions, under the names that they came with.

use super::super::Dialect;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::native::execute::of_read_only;
use crate::api::native::storage;
use crate::api::numbered;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::engine::Error;
use crate::machine::input::Attachment;

/// What stays of a long name behind its number: a part of a path has 200 bytes at most.
const NAME_BYTES_MAX: usize = 150;

pub fn route() -> Route {
    Route::get("/media/conversations/{conversation}/{filename}", "agenticDownloadFile", "A file of an execution, as an attachment")
        .scope(Scope::ExecutionsRead)
        .answers_with(200, Content::Other("*/*"))
        .dialect(Dialect::Agentic)
        .to(download)
}

/// Where a file is read.
#[must_use]
pub fn url(conversation: u64, last_part: &str) -> String {
    use std::fmt::Write as _;
    let mut path = format!("/media/conversations/{conversation}/");
    for byte in last_part.bytes() {
        // A `+` stands for itself in a path.
        if byte.is_ascii_alphanumeric() || b"-._~+!$'()*,@&=".contains(&byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// What a file is called in its conversation: its name, where that says which file is meant and can stand in a path; otherwise with its
/// number in front. `is_own`: the conversation is of this one execution.
#[must_use]
pub fn last_part(file: &Attachment, number: u64, all: &[Attachment], is_own: bool) -> String {
    let name = file.name.as_str();
    let is_alone = is_own && all.iter().filter(|other| other.name == name).count() == 1;
    let is_plain = name.len() <= NAME_BYTES_MAX && !name.contains(UNFIT) && numbered_part(name).is_none();
    if is_alone && is_plain {
        return name.to_owned();
    }
    let plain: String = name[..name.floor_char_boundary(NAME_BYTES_MAX)].replace(UNFIT, "_");
    format!("{number}-{plain}")
}

/// What a part of a path cannot hold, or would read as something else.
const UNFIT: [char; 5] = ['/', '\\', ':', '%', ';'];

/// The number in front of a name.
fn numbered_part(part: &str) -> Option<u64> {
    numbered::number(part.split_once('-')?.0)
}

async fn download(call: Call) -> Result<Answer, Problem> {
    let (conversation, part) = (call.parameter("conversation")?, call.parameter("filename")?);
    let catalog = &call.app.catalog;
    let unknown = || Problem::not_found("file", part);
    if let Some(number) = numbered_part(part) {
        let id = catalog.named(Kind::File, &call.tenant, number)?.ok_or_else(unknown)?;
        return storage::served(&call, &id).await;
    }
    let number = numbered::number(conversation).ok_or_else(unknown)?;
    let session = catalog.named(Kind::Session, &call.tenant, number)?.ok_or_else(unknown)?;
    let execution = session.split_once('/').and_then(|(_, session)| of_read_only(session)).ok_or_else(unknown)?;
    let snapshot = match call.app.engine.of(&call.tenant).snapshot(execution).await {
        Ok(snapshot) => snapshot,
        Err(Error::NotFound { .. }) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    let found = snapshot.start.attachments.iter().find(|file| file.name == part).ok_or_else(unknown)?;
    storage::served(&call, &found.id).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Attachment {
        Attachment { id: String::new(), name: name.to_owned(), content_type: "text/plain".to_owned(), bytes: 1, text: None }
    }

    #[test]
    fn a_file_goes_by_its_name_where_that_says_which_is_meant() {
        let one = [file("product data.pdf"), file("twice"), file("twice"), file("4-x"), file("a:b"), file("100%")];
        let parts = |is_own| one.iter().enumerate().map(|(index, file)| last_part(file, index as u64, &one, is_own)).collect::<Vec<_>>();
        assert_eq!(parts(true), ["product data.pdf", "1-twice", "2-twice", "3-4-x", "4-a_b", "5-100_"]);
        assert_eq!(parts(false)[0], "0-product data.pdf", "others may have the same name");
        assert!(last_part(&file(&"ü".repeat(100)), 7, &[], true).len() < 200);
    }

    #[test]
    fn a_url_is_one_path_whatever_the_name() {
        assert_eq!(url(198, "product_data.pdf"), "/media/conversations/198/product_data.pdf");
        assert_eq!(url(1, "a b?#ü+c"), "/media/conversations/1/a%20b%3F%23%C3%BC+c");
    }
}
