//! Text to spec.
use super::problem::Problem;
use super::source::Source;
use super::spec::FlowSpec;

/// What reading a file gave.
pub struct Read {
    pub spec: Option<FlowSpec>,
    pub source: Source,
    pub problems: Vec<Problem>,
}

/// Reads a flow file.
#[must_use]
pub fn read(text: &str) -> Read {
    let source = Source { text: text.to_owned(), ..Source::default() };
    match serde_saphyr::from_str::<FlowSpec>(text) {
        Ok(spec) => Read { spec: Some(spec), source, problems: Vec::new() },
        Err(error) => {
            let problems = vec![source.problem("syntax", "", error.to_string(), "")];
            Read { spec: None, source, problems }
        }
    }
}
