//! What models cost. A table with a version comes with the program (`prices.json`); the operator overrides single models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::NanoUsd;
use crate::machine::call::Usage;
use crate::machine::input::Price;

const BUILT_IN: &str = include_str!("prices.json");
/// One dollar per million tokens is a thousandth of a micro-dollar per token.
const NANO_USD_PER_TOKEN_AT_ONE_USD_PER_MILLION: f64 = 1_000.0;

/// Why a price table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the price table does not parse: {0}; it must look like {{\"version\": \"…\", \"models\": {{\"provider/model\": {{\"input\": USD, \"output\": USD, \"cached\": USD}}}}}} (per million tokens)"
    )]
    Syntax(#[from] serde_json::Error),
    #[error("the price table has a negative or infinite price for `{0}`; prices are US dollars per million tokens")]
    Amount(String),
}

/// A table as it is written, in US dollars per million tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: String,
    models: BTreeMap<String, WrittenPrice>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPrice {
    input: f64,
    output: f64,
    /// Absent: cached input costs what input costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cached: Option<f64>,
}

/// Prices by `provider/model`.
#[derive(Clone, Debug, Default)]
pub struct PriceTable {
    prices: BTreeMap<String, Price>,
}

impl PriceTable {
    /// The table that comes with the program.
    ///
    /// # Errors
    /// `Syntax` or `Amount` when the file in the source tree is broken; a test keeps it whole.
    pub fn built_in() -> Result<Self, Error> {
        let mut table = Self::default();
        table.override_with(BUILT_IN)?;
        Ok(table)
    }

    /// Takes over every price of `text`, a table of the same shape.
    ///
    /// # Errors
    /// `Syntax`, `Amount`.
    pub fn override_with(&mut self, text: &str) -> Result<(), Error> {
        let written: Written = serde_json::from_str(text)?;
        for (model, price) in written.models {
            let amounts = [price.input, price.output, price.cached.unwrap_or(price.input)];
            if amounts.iter().any(|amount| !amount.is_finite() || *amount < 0.0) {
                return Err(Error::Amount(model));
            }
            let [input, output, cached] = amounts.map(per_token);
            self.prices.insert(model, Price { input, output, cached, version: written.version.clone() });
        }
        Ok(())
    }

    /// The models of a provider that have a price, by name.
    pub fn models_of<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = (&'a str, &'a Price)> {
        let split = self.prices.iter().filter_map(|(model, price)| Some((super::llm::provider::split(model)?, price)));
        split.filter(move |((owner, _), _)| *owner == provider).map(|((_, name), price)| (name, price))
    }

    /// The price of `provider/model`; a dated name (`gpt-5-mini-2025-08-07`) has the price of its undated one.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<Price> {
        self.prices.get(model).or_else(|| self.prices.get(undated(model)?)).cloned()
    }
}

/// The name without a trailing `-YYYY-MM-DD` or `-YYYYMMDD`.
fn undated(model: &str) -> Option<&str> {
    let cut = |digits: &[usize]| {
        let mut rest = model;
        for count in digits.iter().rev() {
            let (head, tail) = rest.rsplit_once('-')?;
            (tail.len() == *count && tail.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
            rest = head;
        }
        Some(rest)
    };
    cut(&[4, 2, 2]).or_else(|| cut(&[8]))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be finite and not negative; `as` saturates")]
fn per_token(usd_per_million: f64) -> NanoUsd {
    NanoUsd((usd_per_million * NANO_USD_PER_TOKEN_AT_ONE_USD_PER_MILLION).round() as u64)
}

/// What this usage costs at this price.
#[must_use]
pub fn cost(price: &Price, usage: &Usage) -> NanoUsd {
    let times = |count: u64, each: NanoUsd| NanoUsd(count.saturating_mul(each.0));
    let fresh = usage.input_tokens.saturating_sub(usage.cached_tokens);
    times(fresh, price.input).plus(times(usage.cached_tokens, price.cached)).plus(times(usage.output_tokens, price.output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_whole() {
        let table = PriceTable::built_in().unwrap();
        assert!(table.prices.len() >= 30, "{}", table.prices.len());
        for (model, price) in &table.prices {
            assert!(model.contains('/'), "{model} has no provider");
            assert!(price.cached <= price.input && price.input <= price.output, "{model}: {price:?}");
        }
    }

    #[test]
    fn a_million_tokens_cost_what_the_table_says() {
        let mut table = PriceTable::default();
        table.override_with(r#"{"version": "t", "models": {"a/b": {"input": 0.25, "output": 2.0, "cached": 0.025}}}"#).unwrap();
        let usage = Usage { input_tokens: 1_500_000, cached_tokens: 500_000, output_tokens: 1_000_000, ..Usage::default() };
        let cost = cost(&table.price("a/b").unwrap(), &usage);
        assert_eq!(cost, NanoUsd::from_usd(0.25 + 0.0125 + 2.0));
    }

    #[test]
    fn dated_names_have_the_price_of_the_undated_one() {
        let table = PriceTable::built_in().unwrap();
        assert_eq!(table.price("openai/gpt-5-mini-2025-08-07"), table.price("openai/gpt-5-mini"));
        assert_eq!(table.price("anthropic/claude-sonnet-4-5-20250929"), table.price("anthropic/claude-sonnet-4-5"));
        assert_eq!(table.price("openai/gpt-5-mini-turbo"), None);
    }

    #[test]
    fn nonsense_is_refused() {
        let mut table = PriceTable::default();
        assert!(matches!(table.override_with("{}"), Err(Error::Syntax(_))));
        let negative = r#"{"version": "t", "models": {"a/b": {"input": -1, "output": 2}}}"#;
        assert!(matches!(table.override_with(negative), Err(Error::Amount(_))));
    }
}
