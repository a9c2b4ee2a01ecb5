const e=`# Release notes: drafts the notes of a version from its changes; a maintainer may edit the text before exactly that text is published.
#
# For:       maintainers who want to start from a draft but publish only what they have read.
# Run:       flowgate run flows/release-notes.yaml -p repository=acme/anvil -p version=2.4.0
#            At the question, \`e\` opens the arguments of the call; what you save is what is sent.
# For real:  OPENAI_API_KEY, --set config.forge_url=https://…, FLOWGATE_SECRET_FORGE_TOKEN=…
# Rehearsal: \`sandbox:\`.

flow: release-notes
title: Release notes
description: Draft, edit, publish.

input:
  type: object
  required: [repository, version]
  properties:
    repository: {type: string, pattern: "^[^/]+/[^/]+$"}
    version: {type: string, minLength: 1}
    since: {type: string, default: latest}

config:
  forge_url: "https://forge.example/api"

limits: {timeout: 14d, cost_usd: 0.5}
defaults: {model: openai/gpt-5-mini, timeout: 60s}

steps:
  changes:
    title: What changed
    http:
      get: "{{ config.forge_url }}/repos/{{ input.repository }}/changes"
      headers: {Authorization: "token {{ secret.forge_token }}"}
      query: {since: "{{ input.since }}"}
    effect: read
    retry: {attempts: 4, backoff: 1s..20s}
    sandbox:
      output:
        changes:
          - {title: Anvils no longer float, kind: fix}
          - {title: "Hammer grip can be set per hand", kind: feature}

  nothing_new:
    end: {output: "{'published': false, 'reason': 'nothing changed'}"}

  draft:
    llm:
      system: You write release notes for users. Plain words, no marketing, one line per change.
      prompt: |
        Write the notes for version {{ input.version }} of {{ input.repository }} from these changes:

        {{ steps.changes.output.changes | tojson }}
      max_tokens: 2000
    retry: {attempts: 3, backoff: 1s..30s}
    sandbox:
      output: "New: the hammer's grip can be set per hand.\\nFixed: anvils no longer float."

  review:
    approval:
      title: "Publish {{ input.repository }} {{ input.version }} with these notes?"
      show: [steps.changes.output.changes]
      action: publish
      approvers: {any_of: ["role:maintainer"]}
      decisions: [approve, edit, reject]
      form:
        type: object
        required: [tag, notes]
        additionalProperties: false
        properties:
          tag: {type: string, minLength: 1}
          notes: {type: string, minLength: 1}
      remind: [1d, 3d, 7d]

  publish:
    http:
      post: "{{ config.forge_url }}/repos/{{ input.repository }}/releases"
      headers: {Authorization: "token {{ secret.forge_token }}"}
      json: {tag: "v{{ input.version }}", notes: "{{ steps.draft.output }}"}
    effect: once
    in_doubt:
      check:
        http:
          get: "{{ config.forge_url }}/repos/{{ input.repository }}/releases"
          query: {tag: "v{{ input.version }}"}
      done_when: size(output.releases) > 0
    sandbox:
      output: {id: 17, url: "https://forge.example/acme/anvil/releases/17"}

  announce:
    title: Tell the channel
    http:
      post: "{{ config.forge_url }}/announcements"
      headers: {Authorization: "token {{ secret.forge_token }}"}
      json: {text: "{{ input.repository }} {{ input.version }} is out: {{ steps.publish.output.url }}"}
    effect: idempotent
    retry: {attempts: 5, backoff: 2s..60s}
    sandbox: {output: {sent: true}}

  published:
    end: {output: "{'published': true, 'url': steps.publish.output.url}"}
  withheld:
    end: {output: "{'published': false, 'reason': 'the maintainer said no'}"}

edges:
  - {from: changes, to: nothing_new, when: size(steps.changes.output.changes) == 0}
  - {from: changes, to: draft, otherwise: true}
  - {from: draft, to: review}
  - {from: review, to: publish, on: approved}
  - {from: review, to: withheld, on: rejected}
  - {from: publish, to: announce}
  - {from: announce, to: published}
  - {from: announce, to: published, on: error}
`;export{e as default};
