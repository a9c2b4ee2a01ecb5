const e=`# Nightly report: waits until the given time, orders an export, looks every few seconds whether it is ready, writes the report and
# mails it. The process may be restarted at any point of the wait.
#
# For:       whoever reads the numbers in the morning.
# Run:       flowgate run flows/nightly-report.yaml -p recipient=team@example.org -p not_before=2026-01-11T02:00:00Z
#            (without \`not_before\` it starts at once)
# For real:  OPENAI_API_KEY, --set config.warehouse_url=https://…, FLOWGATE_SECRET_WAREHOUSE_TOKEN=…
# Rehearsal: \`sandbox:\`; the export is ready at the second look.

flow: nightly-report
title: Nightly report
start: received

input:
  type: object
  required: [recipient]
  properties:
    recipient: {type: string, pattern: "^[^@]+@[^@]+$"}
    not_before: {type: string, format: date-time}

config:
  warehouse_url: "https://warehouse.example"

limits: {timeout: 2d, cost_usd: 0.5}
defaults: {model: openai/gpt-5-mini, timeout: 60s, retry: {attempts: 5, backoff: 1s..60s}}

steps:
  received:
    set: {recipient: input.recipient}

  night:
    title: Until it is time
    wait: {until: timestamp(input.not_before)}

  export:
    title: Order the export
    http:
      post: "{{ config.warehouse_url }}/exports"
      headers: {Authorization: "Bearer {{ secret.warehouse_token }}"}
      json: {report: nightly}
    effect: idempotent
    sandbox: {output: {export: E-12}}

  look:
    title: Is it ready?
    visits: 500
    http:
      get: "{{ config.warehouse_url }}/exports/{{ steps.export.output.export }}"
      headers: {Authorization: "Bearer {{ secret.warehouse_token }}"}
    effect: read
    sandbox:
      outputs:
        - {ready: false}
        - {ready: true, rows: [{region: north, sold: 120}, {region: south, sold: 95}]}

  pause:
    wait: {for: 2s}

  never_ready:
    fail: {code: export_not_ready, message: The export was not ready after 500 looks.}

  write:
    llm:
      prompt: |
        Write a report of five lines on yesterday's sales from these rows. Round nothing.

        {{ steps.look.output.rows | tojson }}
    sandbox:
      output: The north sold 120 and the south 95, which makes 215 in all.

  mail:
    http:
      post: "{{ config.warehouse_url }}/mails"
      headers: {Authorization: "Bearer {{ secret.warehouse_token }}"}
      json: {to: "{{ input.recipient }}", subject: Nightly report, text: "{{ steps.write.output }}"}
    effect: once
    retry: {attempts: 1}
    in_doubt: ask
    sandbox: {output: {queued: true}}

edges:
  - {from: received, to: night, when: has(input.not_before)}
  - {from: received, to: export, otherwise: true}
  - {from: night, to: export}
  - {from: export, to: look}
  - {from: look, to: write, when: steps.look.output.ready}
  - {from: look, to: pause, otherwise: true}
  - {from: pause, to: look}
  - {from: look, to: never_ready, on: exhausted}
  - {from: write, to: mail}

output: steps.write.output
`;export{e as default};
