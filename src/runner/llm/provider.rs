//! Which model providers there are, where they listen and what opens them. `provider/model` names a model; a provider is usable when the
//! environment holds its key or its base URL.

use std::collections::BTreeMap;

use url::Url;

use crate::runner::secrets::Secret;

const KEY_SUFFIX: &str = "_API_KEY";
const BASE_SUFFIX: &str = "_BASE_URL";

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `POST {base}/chat/completions`, the wire that most providers and model servers offer.
    ChatCompletions,
    Anthropic,
    Gemini,
    /// Ollama's own, where the base URL has no path.
    Ollama,
}

/// A provider that the environment opens.
#[derive(Clone, Debug)]
pub struct Provider {
    pub wire: Wire,
    /// Ends with a slash.
    pub base: Url,
    /// Model servers inside the house often want none.
    pub key: Option<Secret>,
}

/// A base URL that is none.
#[derive(Debug, thiserror::Error)]
#[error("{variable} is no http(s) URL: {reason}; it must include the version path, like https://api.openai.com/v1")]
pub struct Error {
    variable: String,
    reason: String,
}

/// Providers known by name: where they listen unless the environment says otherwise.
const KNOWN: [(&str, Wire, Option<&str>); 10] = [
    ("openai", Wire::ChatCompletions, Some("https://api.openai.com/v1")),
    ("anthropic", Wire::Anthropic, Some("https://api.anthropic.com/v1")),
    ("gemini", Wire::Gemini, Some("https://generativelanguage.googleapis.com/v1beta")),
    // On this machine or elsewhere: used only when the operator says where, because a key says nothing.
    ("ollama", Wire::Ollama, None),
    ("groq", Wire::ChatCompletions, Some("https://api.groq.com/openai/v1")),
    ("mistral", Wire::ChatCompletions, Some("https://api.mistral.ai/v1")),
    ("deepseek", Wire::ChatCompletions, Some("https://api.deepseek.com/v1")),
    ("xai", Wire::ChatCompletions, Some("https://api.x.ai/v1")),
    ("together", Wire::ChatCompletions, Some("https://api.together.xyz/v1")),
    ("openrouter", Wire::ChatCompletions, Some("https://openrouter.ai/api/v1")),
];

/// The usable providers, by name.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    by_name: BTreeMap<String, Provider>,
}

impl Providers {
    /// Reads `NAME_API_KEY` and `NAME_BASE_URL`. A name that is not known needs a base URL and speaks the chat-completions wire.
    ///
    /// # Errors
    /// A base URL that is none.
    pub fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, Error> {
        let bases = variables.keys().filter_map(|variable| variable.strip_suffix(BASE_SUFFIX));
        let prefixes = KNOWN.iter().map(|(name, ..)| name.to_ascii_uppercase()).chain(bases.map(ToOwned::to_owned));
        let mut by_name = BTreeMap::new();
        for prefix in prefixes.filter(|prefix| !prefix.is_empty() && !prefix.starts_with("FLOWGATE_")) {
            if let Some(provider) = provider(&prefix, variables)? {
                by_name.insert(named(&prefix), provider);
            }
        }
        Ok(Self { by_name })
    }

    /// The provider of `provider/model` and the model's name there.
    #[must_use]
    pub fn of<'a>(&self, model: &'a str) -> Option<(&Provider, &'a str)> {
        let (provider, name) = split(model)?;
        Some((self.by_name.get(&provider.to_ascii_lowercase().replace('-', "_"))?, name))
    }

    /// Every usable provider.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Every key, to be kept out of texts.
    #[must_use]
    pub fn keys(&self) -> Vec<Secret> {
        self.by_name.values().filter_map(|provider| provider.key.clone()).collect()
    }
}

/// `provider/model`; the model's own name may hold further slashes.
#[must_use]
pub fn split(model: &str) -> Option<(&str, &str)> {
    model.split_once('/').filter(|(provider, name)| !provider.is_empty() && !name.is_empty())
}

/// What to set for this model's provider, for messages.
#[must_use]
pub fn how_to_open(model: &str) -> String {
    let Some((provider, _)) = split(model) else {
        return format!("write the model as provider/model, like openai/{model}");
    };
    let prefix = provider.to_ascii_uppercase().replace('-', "_");
    match KNOWN.iter().find(|(name, ..)| *name == provider) {
        Some((.., Some(_))) => format!("set {prefix}{KEY_SUFFIX} (or {prefix}{BASE_SUFFIX} for another endpoint)"),
        Some((.., None)) | None => {
            format!("set {prefix}{BASE_SUFFIX} to its endpoint, /v1 included, and {prefix}{KEY_SUFFIX} if it wants a key")
        }
    }
}

fn named(prefix: &str) -> String {
    prefix.to_ascii_lowercase()
}

fn provider(prefix: &str, variables: &BTreeMap<String, String>) -> Result<Option<Provider>, Error> {
    let set = |suffix: &str| variables.get(&format!("{prefix}{suffix}")).filter(|value| !value.trim().is_empty());
    let known = KNOWN.iter().find(|(name, ..)| *name == named(prefix));
    let (key, own_base) = (set(KEY_SUFFIX), set(BASE_SUFFIX));
    let default_base = key.and(known).and_then(|(.., base)| *base);
    let Some(base) = own_base.map(String::as_str).or(default_base) else { return Ok(None) };
    let base = base_url(prefix, base)?;
    let wire = match known.map(|(_, wire, _)| *wire) {
        Some(Wire::Ollama) if base.path() != "/" => Wire::ChatCompletions,
        Some(wire) => wire,
        None => Wire::ChatCompletions,
    };
    Ok(Some(Provider { wire, base, key: key.map(|key| Secret::new(key.trim().to_owned())) }))
}

fn base_url(prefix: &str, text: &str) -> Result<Url, Error> {
    let bad = |reason: String| Error { variable: format!("{prefix}{BASE_SUFFIX}"), reason };
    let mut url = Url::parse(text.trim()).map_err(|error| bad(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad(format!("its scheme is {}", url.scheme())));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers(variables: &[(&str, &str)]) -> Providers {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Providers::from_variables(&variables).unwrap()
    }

    #[test]
    fn a_key_or_a_base_url_opens_a_provider() {
        let open = providers(&[("OPENAI_API_KEY", "k"), ("ANTHROPIC_BASE_URL", "http://127.0.0.1:1/v1"), ("GEMINI_API_KEY", " ")]);
        assert_eq!(open.of("openai/gpt-5-mini").unwrap().0.base.as_str(), "https://api.openai.com/v1/");
        assert_eq!(open.of("anthropic/claude").unwrap().0.base.as_str(), "http://127.0.0.1:1/v1/");
        assert!(open.of("gemini/x").is_none() && open.of("ollama/x").is_none() && open.of("gpt-5-mini").is_none());
    }

    #[test]
    fn any_compatible_endpoint_has_a_name() {
        let open = providers(&[("MY_VLLM_BASE_URL", "http://gpu:8000/v1")]);
        let (provider, name) = open.of("my-vllm/org/model").unwrap();
        assert_eq!((provider.wire, name), (Wire::ChatCompletions, "org/model"));
    }

    #[test]
    fn ollama_speaks_the_wire_of_its_base_url() {
        let wire = |base: &str| providers(&[("OLLAMA_BASE_URL", base)]).of("ollama/x").unwrap().0.wire;
        assert_eq!(wire("http://localhost:11434/v1"), Wire::ChatCompletions);
        assert_eq!(wire("http://localhost:11434"), Wire::Ollama);
    }

    #[test]
    fn messages_say_what_to_set() {
        assert!(how_to_open("openai/x").contains("OPENAI_API_KEY"));
        assert!(how_to_open("my-vllm/x").contains("MY_VLLM_BASE_URL"));
        assert!(how_to_open("gpt-5").contains("openai/gpt-5"));
    }
}
