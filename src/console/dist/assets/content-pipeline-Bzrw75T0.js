const t=`# Content pipeline: drafts an article, checks it, and goes round until an editor accepts it, at most four times; then it is published.
#
# For:       an editorial team. The reason of a rejection is the next draft's instruction.
# Run:       flowgate run flows/content-pipeline.yaml -p topic="How to store cut flowers"
# For real:  ANTHROPIC_API_KEY, --set config.site_url=https://…, FLOWGATE_SECRET_SITE_TOKEN=…
# Rehearsal: content-pipeline.rehearsal.yaml beside this file; reject once to see the second draft.

flow: content-pipeline
title: Content pipeline
start: brief

input:
  type: object
  required: [topic]
  properties:
    topic: {type: string, minLength: 3}
    words: {type: integer, minimum: 50, maximum: 2000, default: 300}

config:
  site_url: "https://site.example"

limits: {timeout: 30d, cost_usd: 2.0}
defaults: {model: anthropic/claude-sonnet-4-5, retry: {attempts: 3, backoff: 1s..30s}, timeout: 120s}

steps:
  brief:
    title: What this draft must do
    visits: 4
    set:
      feedback: "has(previous.review) ? previous.review.output.reason : ''"

  draft:
    llm:
      prompt: |
        Write an article of about {{ input.words }} words on: {{ input.topic }}
        {% if steps.brief.output.feedback %}
        The editor rejected the last draft: {{ steps.brief.output.feedback }}
        {% endif %}

  facts:
    title: List the claims that need a source
    llm:
      prompt: |
        List every claim in this text that a reader could doubt.

        {{ steps.draft.output }}
      output:
        type: object
        required: [claims]
        properties: {claims: {type: array, items: {type: string}}}
  tone:
    title: Check the tone
    llm:
      prompt: |
        Is this text plain, friendly and free of marketing? Answer in one sentence.

        {{ steps.draft.output }}

  review:
    approval:
      title: "Publish “{{ input.topic }}”?"
      show: [steps.draft.output, steps.facts.output.claims, steps.tone.output]
      approvers: {any_of: ["role:editor"]}
      decisions: [approve, reject]
      remind: [1d, 3d]

  publish:
    http:
      put: "{{ config.site_url }}/articles"
      headers: {Authorization: "Bearer {{ secret.site_token }}"}
      json: {title: "{{ input.topic }}", text: "{{ steps.draft.output }}"}
    effect: idempotent

  given_up:
    fail: {code: never_accepted, message: "Four drafts on “{{ input.topic }}” were rejected."}

edges:
  - {from: brief, to: draft}
  - {from: draft, to: facts}
  - {from: draft, to: tone}
  - {from: facts, to: review}
  - {from: tone, to: review}
  - {from: review, to: publish, on: approved}
  - {from: review, to: brief, on: rejected}
  - {from: brief, to: given_up, on: exhausted}

output: "{'article': steps.publish.output, 'text': steps.draft.output}"
`;export{t as default};
