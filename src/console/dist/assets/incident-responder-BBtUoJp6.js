const e=`# Incident responder: collects what is known about an alert, proposes a rollback, asks who is on call, and asks the incident commander
# when nobody on call answers within ten minutes. It never rolls back on its own.
#
# For:       a team on call at night.
# Run:       flowgate run flows/incident-responder.yaml -p service=checkout -p alert="error rate 12 %"
# For real:  OPENAI_API_KEY, --set config.ops_url=https://…, FLOWGATE_SECRET_OPS_TOKEN=…
# Rehearsal: incident-responder.rehearsal.yaml beside this file.

flow: incident-responder
title: Incident responder
description: Evidence in parallel, one proposal, a person decides, escalation when they sleep.

input:
  type: object
  required: [service, alert]
  properties:
    service: {type: string, pattern: "^[a-z][a-z0-9-]*$"}
    alert: {type: string, minLength: 1}

config:
  ops_url: "https://ops.example"

limits: {timeout: 6h, cost_usd: 0.5}
defaults: {model: openai/gpt-5-mini, timeout: 30s, retry: {attempts: 3, backoff: 500ms..5s}}

steps:
  alert:
    title: Open the incident
    http:
      post: "{{ config.ops_url }}/incidents"
      headers: {Authorization: "Bearer {{ secret.ops_token }}"}
      json: {service: "{{ input.service }}", alert: "{{ input.alert }}"}
    effect: idempotent

  metrics:
    http: {get: "{{ config.ops_url }}/services/{{ input.service }}/metrics"}
    effect: read
  deploys:
    http: {get: "{{ config.ops_url }}/services/{{ input.service }}/deploys"}
    effect: read
  logs:
    http: {get: "{{ config.ops_url }}/services/{{ input.service }}/errors"}
    effect: read

  diagnose:
    llm:
      system: You help an engineer on call. Say what the evidence shows and nothing more.
      prompt: |
        Service {{ input.service }}: {{ input.alert }}

        Metrics: {{ steps.metrics.output | tojson }}
        Deploys: {{ steps.deploys.output | tojson }}
        Errors: {{ steps.logs.output | tojson }}

        Is the last deploy the likely cause, and would rolling back help?
      output:
        type: object
        required: [rollback, revision, summary]
        additionalProperties: false
        properties:
          rollback: {type: boolean}
          revision: {type: string}
          summary: {type: string}
      temperature: 0

  rollback_ok:
    approval:
      title: "Roll {{ input.service }} back to {{ steps.diagnose.output.revision }}?"
      show: [input.alert, steps.diagnose.output.summary, steps.deploys.output]
      action: rollback
      approvers: {any_of: ["role:on-call"]}
      remind: [2m, 5m]
      expires: {after: 10m, then: {ask: {any_of: ["role:incident-commander"]}}}

  rollback:
    http:
      post: "{{ config.ops_url }}/services/{{ input.service }}/rollback"
      headers: {Authorization: "Bearer {{ secret.ops_token }}"}
      json: {revision: "{{ steps.diagnose.output.revision }}"}
    effect: once
    retry: {attempts: 1}
    timeout: 2m
    in_doubt: ask

  settle:
    title: Let it settle
    wait: {for: 1s}

  verify:
    http: {get: "{{ config.ops_url }}/services/{{ input.service }}/health"}
    effect: read

  page:
    title: Wake a person up with everything known so far
    http:
      post: "{{ config.ops_url }}/pages"
      headers: {Authorization: "Bearer {{ secret.ops_token }}"}
      json: {service: "{{ input.service }}", summary: "{{ steps.diagnose.output.summary }}"}
    effect: idempotent

  resolved:
    end: {output: "{'resolved': true, 'summary': steps.diagnose.output.summary}"}
  handed_over:
    end: {output: "{'resolved': false, 'summary': steps.diagnose.output.summary}"}

edges:
  - {from: alert, to: metrics}
  - {from: alert, to: deploys}
  - {from: alert, to: logs}
  - {from: metrics, to: diagnose}
  - {from: deploys, to: diagnose}
  - {from: logs, to: diagnose}
  - {from: diagnose, to: rollback_ok, when: steps.diagnose.output.rollback}
  - {from: diagnose, to: page, otherwise: true}
  - {from: rollback_ok, to: rollback, on: approved}
  - {from: rollback_ok, to: page, on: rejected}
  - {from: rollback, to: settle}
  - {from: rollback, to: page, on: error}
  - {from: settle, to: verify}
  - {from: verify, to: resolved, when: steps.verify.output.healthy}
  - {from: verify, to: page, otherwise: true}
  - {from: page, to: handed_over}
`;export{e as default};
