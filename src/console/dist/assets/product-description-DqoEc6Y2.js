const t=`# Product description: a model writes the text of a product; a pattern, a judge and the shop's own rules must accept it before it goes out.
#
# For:       a catalog team. What a validator objects to is the model's next instruction, at most twice.
# Run:       flowgate run flows/product-description.yaml -p name="Enamel mug" -p facts="0.3 l; dishwasher-safe"
# Entries:   --entry review judges a text that is there already: -p text="A mug for every day."
# For real:  OPENAI_API_KEY, ANTHROPIC_API_KEY, --set config.shop_url=https://…, FLOWGATE_SECRET_SHOP_TOKEN=…
# Rehearsal: the first draft is too loud for the judge, the second one passes.

flow: product-description
title: Product description
start: write

input:
  type: object
  required: [name, facts]
  properties:
    name: {type: string, minLength: 2}
    facts: {type: string}

config:
  shop_url: "https://shop.example"

limits: {timeout: 1h, cost_usd: 0.5}
defaults: {model: openai/gpt-5-mini, retry: {attempts: 3, backoff: 1s..30s}, timeout: 60s}

entries:
  write:
    name: Write a description
    description: From the facts of a product.
    failure_codes: [no_facts]
    validators:
      - {name: facts_only, regex: "^[^€$]*$", on_fail: stop, code: no_facts, feedback: Prices are no facts of the product.}
  review:
    name: Review a description
    start: improve
    input:
      type: object
      additionalProperties: false
      required: [text]
      properties: {text: {type: string, minLength: 1}}

steps:
  write:
    title: The first version
    llm:
      prompt: |
        Describe the product "{{ input.name }}" in two sentences. Use only these facts: {{ input.facts }}
    sandbox: {output: "The best mug in the world! It holds 0.3 l."}

  improve:
    title: The version that goes out
    llm:
      system: You edit product texts. Keep every fact, add none.
      prompt: |
        Edit this text: {% if steps.write is defined %}{{ steps.write.output }}{% elif input.text is defined %}{{ input.text }}{% endif %}
    max_retries: 2
    validators:
      - {name: length, cel: "size(output) <= 400", feedback: "{{ output | length }} characters are too many; 400 is the limit."}
      - name: tone
        judge:
          model: anthropic/claude-sonnet-4-5
          threshold: 0.7
          rubric: |
            Plain and friendly. No superlatives, no exclamation marks, nothing that a customer could not check.
        sandbox: {outputs: [{score: 0.3, feedback: Drop the superlative and the exclamation mark.}, {score: 0.9, feedback: ""}]}
      - name: house_rules
        http:
          post: "{{ config.shop_url }}/texts/check"
          headers: {Authorization: "Bearer {{ secret.shop_token }}"}
        sandbox: {output: {verdict: pass}}
    sandbox: {outputs: ["The best mug in the world! It holds 0.3 l.", "A mug for every day. It holds 0.3 l."]}

edges:
  - {from: write, to: improve}

output: steps.improve.output
`;export{t as default};
