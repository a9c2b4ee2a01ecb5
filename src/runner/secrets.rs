//! Values that may leave the process and never enter a journal: looked up at the last moment, wiped when dropped, and taken out of
//! every text that comes back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use zeroize::Zeroizing;

/// Environment variables `FLOWGATE_SECRET_NAME` are the secrets.
pub const PREFIX: &str = "FLOWGATE_SECRET_";
/// A shorter value occurs in ordinary text, so it cannot be taken out of what comes back.
pub const SECRET_BYTES_MIN: usize = 4;
const MASK: &str = "••••";

/// Why the secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{variable} is shorter than {SECRET_BYTES_MIN} bytes, so it could not be kept out of traces; use a longer value or unset it")]
    TooShort { variable: String },
    #[error("secret `{name}` is not set; set it with `flowgate secret set {name}`, or as {PREFIX}{variable} where Flowgate runs")]
    Missing { name: String, variable: String },
    #[error("secret `{name}` is not set in tenant {tenant}; set it over the API, or with `flowgate secret set {name} --tenant {tenant}`")]
    MissingInTenant { name: String, tenant: String },
    #[error("secret `{name}` is not granted to agent `{agent}`; whoever keeps the secret adds the agent to `grantedTo`")]
    NotGranted { name: String, agent: String },
    #[error("secret `{name}` cannot be opened: {reason}")]
    Unavailable { name: String, reason: String },
}

impl Error {
    /// The code that a step fails with.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } | Self::Missing { .. } | Self::MissingInTenant { .. } => "secret_missing",
            Self::NotGranted { .. } => "secret_not_granted",
            Self::Unavailable { .. } => "secret_unavailable",
        }
    }
}

/// The name as an environment variable has it: two names with the same one are the same secret.
#[must_use]
pub fn variable_of(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// One value; its `Debug` shows nothing, its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Arc::new(Zeroizing::new(value)))
    }

    /// The value itself; the caller must not store it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// All secrets of this process.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// By the part of the variable's name behind the prefix.
    by_variable: BTreeMap<String, Secret>,
    /// What `redact` looks for, longest first: every value, also keys of model providers, in every spelling.
    spellings: Arc<Vec<Secret>>,
}

impl Secrets {
    /// Takes every `FLOWGATE_SECRET_NAME`.
    ///
    /// # Errors
    /// `TooShort`.
    pub fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, Error> {
        let mut secrets = Self::default();
        for (variable, value) in variables {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            if value.len() < SECRET_BYTES_MIN {
                return Err(Error::TooShort { variable: variable.clone() });
            }
            let secret = Secret::new(value.clone());
            secrets.by_variable.insert(name.to_owned(), secret);
        }
        let all: Vec<Secret> = secrets.by_variable.values().cloned().collect();
        secrets.hide(&all);
        Ok(secrets)
    }

    /// The value of `name` as a flow writes it (`secret.shop_token`).
    ///
    /// # Errors
    /// `Missing`, naming the variable to set.
    pub fn get(&self, name: &str) -> Result<Secret, Error> {
        let variable = variable_of(name);
        let found = self.by_variable.get(&variable).cloned();
        found.ok_or_else(|| Error::Missing { name: name.to_owned(), variable })
    }

    /// Also takes these values out of what comes back.
    pub fn hide(&mut self, values: &[Secret]) {
        let mut spellings: Vec<Secret> = self.spellings.as_ref().clone();
        for value in values.iter().filter(|value| value.reveal().len() >= SECRET_BYTES_MIN) {
            spellings.extend(spelled(value.reveal()).into_iter().map(Secret::new));
        }
        spellings.sort_by(|a, b| b.reveal().len().cmp(&a.reveal().len()).then_with(|| a.reveal().cmp(b.reveal())));
        spellings.dedup_by(|a, b| a.reveal() == b.reveal());
        self.spellings = Arc::new(spellings);
    }

    /// The text without any secret, plain or in another spelling (base64, percent, JSON, hex).
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for spelling in self.spellings.iter() {
            if text.contains(spelling.reveal()) {
                text = text.replace(spelling.reveal(), MASK);
            }
        }
        text
    }

    /// `redact` on every string of a JSON value, names included.
    #[must_use]
    pub fn redact_json(&self, value: Value) -> Value {
        if self.spellings.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.redact(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, item)| (self.redact(&name), self.redact_json(item)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Number(number) => self.redact_number(number),
            Value::Null | Value::Bool(_) => value,
        }
    }

    /// A secret of digits alone comes back as a number when the other side does not quote it.
    fn redact_number(&self, number: serde_json::Number) -> Value {
        let text = number.to_string();
        if self.spellings.iter().any(|spelling| spelling.reveal() == text) { Value::String(MASK.to_owned()) } else { number.into() }
    }
}

/// Every way in which a value is commonly written.
fn spelled(value: &str) -> Vec<String> {
    let mut all = vec![value.to_owned(), hex(value.as_bytes(), false), hex(value.as_bytes(), true)];
    let json = Value::String(value.to_owned()).to_string();
    all.push(json[1..json.len() - 1].to_owned());
    all.push(url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
    all.push(percent(value, false));
    all.push(percent(value, true));
    for lead in 0..3 {
        all.extend(base64_inside(value, lead));
    }
    all
}

/// Percent-encoded as in a path or a query, with lower- or upper-case digits.
fn percent(value: &str, upper: bool) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex(&[byte], upper));
        }
        text
    })
}

fn hex(bytes: &[u8], upper: bool) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
        text
    })
}

/// The characters that the value yields inside a longer base64 text where it begins `lead` bytes into a group of three: the characters
/// that also depend on a neighbour are left out. A core that is too short to be told from chance is not looked for.
fn base64_inside(value: &str, lead: usize) -> Vec<String> {
    const CORE_CHARS_MIN: usize = 6;
    let mut bytes = vec![0_u8; lead];
    bytes.extend_from_slice(value.as_bytes());
    // A character that also holds bits of a neighbour would differ, so only whole sextets of the value count.
    let first = (lead * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    if last.saturating_sub(first) < CORE_CHARS_MIN {
        return Vec::new();
    }
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)].iter().map(|text| text[first..last].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn secrets(value: &str) -> Secrets {
        Secrets::from_variables(&BTreeMap::from([(format!("{PREFIX}SHOP_TOKEN"), value.to_owned())])).unwrap()
    }

    #[test]
    fn names_are_looked_up_as_flows_write_them() {
        let secrets = secrets("s3cret-value");
        assert_eq!(secrets.get("shop_token").unwrap().reveal(), "s3cret-value");
        assert_eq!(secrets.get("shop-token").unwrap().reveal(), "s3cret-value");
        let missing = secrets.get("other.key").unwrap_err().to_string();
        assert!(missing.contains("FLOWGATE_SECRET_OTHER_KEY"), "{missing}");
    }

    #[test]
    fn a_value_too_short_to_hide_is_refused() {
        let variables = BTreeMap::from([(format!("{PREFIX}PIN"), "123".to_owned())]);
        assert!(matches!(Secrets::from_variables(&variables), Err(Error::TooShort { .. })));
    }

    #[test]
    fn every_spelling_is_taken_out() {
        let value = "p@ss \"w0rd\"/ü+x";
        let secrets = secrets(value);
        let mut spellings =
            vec![value.to_owned(), Value::String(value.to_owned()).to_string(), hex(value.as_bytes(), false), hex(value.as_bytes(), true)];
        spellings.push(url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
        spellings.push(percent(value, true));
        spellings.push(percent(value, false));
        for before in ["", "u:", "user:", "a"] {
            for after in ["", "x", "yz", "abc"] {
                let whole = format!("{before}{value}{after}");
                spellings.push(STANDARD.encode(&whole));
                spellings.push(URL_SAFE_NO_PAD.encode(&whole));
            }
        }
        for spelling in spellings {
            let redacted = secrets.redact(&format!("<{spelling}>"));
            assert!(redacted.contains(MASK), "{spelling} -> {redacted}");
        }
    }

    #[test]
    fn json_is_redacted_in_names_strings_and_numbers() {
        let secrets = secrets("12345678");
        let redacted = secrets.redact_json(json!({"12345678": ["a12345678b", 12_345_678, 9]}));
        assert_eq!(redacted, json!({"••••": ["a••••b", "••••", 9]}));
    }

    #[test]
    fn debug_shows_nothing() {
        let text = format!("{:?}", secrets("s3cret-value"));
        assert!(!text.contains("s3cret"), "{text}");
    }
}
