const e=`# Support triage: an agent with tools works on a ticket; a credit above 50 EUR waits for a person before the tool is called.
#
# For:       a support team that wants the easy tickets answered and the hard ones sorted, without an agent that gives money away.
# Run:       flowgate run flows/support-triage.yaml -p ticket="My invoice is wrong again" -p customer=C-31
# For real:  OPENAI_API_KEY, --set config.desk_url=https://…, FLOWGATE_SECRET_DESK_TOKEN=…
# Rehearsal: \`sandbox:\` plays the model's turns and the answers of the tools; the credit of 80 EUR asks once.

flow: support-triage
title: Support triage
description: An agent looks a ticket up, helps where it can, and hands over what it cannot solve.

input:
  type: object
  required: [ticket, customer]
  properties:
    ticket: {type: string, minLength: 1}
    customer: {type: string, minLength: 1}

config:
  desk_url: "https://desk.example"

limits: {timeout: 1d, cost_usd: 1.0, tokens: 200000, on_breach: ask}
defaults: {model: openai/gpt-5-mini, retry: {attempts: 3, backoff: 1s..30s}, timeout: 60s}

steps:
  triage:
    agent:
      system: |
        You are a support agent. Look the customer up before you decide anything. A credit is for our own mistakes only.
        When you cannot solve the ticket, say so: a person takes over.
      prompt: |
        Customer {{ input.customer }} writes:

        {{ input.ticket }}
      max_iterations: 8
      max_tokens: 1000
      output:
        type: object
        required: [solved, category, answer]
        additionalProperties: false
        properties:
          solved: {type: boolean}
          category: {type: string, enum: [billing, delivery, product, other]}
          answer: {type: string}
      tools:
        - name: get_customer
          description: The customer's plan, open invoices and recent tickets.
          http:
            get: "{{ config.desk_url }}/customers/{{ args.id }}"
            headers: {Authorization: "Bearer {{ secret.desk_token }}"}
          args:
            type: object
            required: [id]
            additionalProperties: false
            properties: {id: {type: string}}
          effect: read
        - name: search_articles
          description: Help articles that fit a question.
          http:
            get: "{{ config.desk_url }}/articles"
            query: {q: "{{ args.question }}"}
          args:
            type: object
            required: [question]
            additionalProperties: false
            properties: {question: {type: string}}
          effect: read
        - name: give_credit
          description: Credits an amount in EUR to the customer's next invoice.
          http:
            post: "{{ config.desk_url }}/credits"
            headers: {Authorization: "Bearer {{ secret.desk_token }}"}
            json: {customer: "{{ args.customer }}", amount: "{{ args.amount }}", reason: "{{ args.reason }}"}
          args:
            type: object
            required: [customer, amount, reason]
            additionalProperties: false
            properties:
              customer: {type: string}
              amount: {type: number, exclusiveMinimum: 0, maximum: 500}
              reason: {type: string}
          effect: once
          retry: {attempts: 1}
          approval:
            when: args.amount > 50.0
            title: "Credit {{ args.amount }} EUR to {{ args.customer }}?"
            approvers: {any_of: ["role:support-lead"]}
            expires: {after: 8h, then: reject}
        - builtin: now
    sandbox:
      model:
        - text: I look the customer up and search for known billing problems.
          calls:
            - {tool: get_customer, args: {id: C-31}}
            - {tool: search_articles, args: {question: wrong invoice}}
        - text: The invoice was charged twice by us; a credit is right.
          calls:
            - {tool: give_credit, args: {customer: C-31, amount: 80, reason: Invoice 2041 was charged twice}}
        - output:
            solved: true
            category: billing
            answer: You were charged twice for invoice 2041. We have credited 80 EUR to your next invoice.
      tools:
        get_customer: {output: {id: C-31, plan: team, invoices: [{id: "2041", amount: 80, charged: 2}]}}
        search_articles: {output: {articles: [{title: Reading your invoice, url: "https://desk.example/a/12"}]}}
        give_credit: {output: {credit: CR-9, amount: 80}}

  hand_over:
    title: Put the ticket into a person's queue
    http:
      post: "{{ config.desk_url }}/queues/{{ steps.triage.output.category }}"
      headers: {Authorization: "Bearer {{ secret.desk_token }}"}
      json: {customer: "{{ input.customer }}", ticket: "{{ input.ticket }}", note: "{{ steps.triage.output.answer }}"}
    effect: idempotent
    sandbox: {output: {queued: true}}

  answer:
    title: Send the answer
    http:
      post: "{{ config.desk_url }}/answers"
      headers: {Authorization: "Bearer {{ secret.desk_token }}"}
      json: {customer: "{{ input.customer }}", text: "{{ steps.triage.output.answer }}"}
    effect: idempotent
    sandbox: {output: {sent: true}}

edges:
  - {from: triage, to: answer, when: steps.triage.output.solved}
  - {from: triage, to: hand_over, otherwise: true}

output: steps.triage.output
`;export{e as default};
