const e=`# Refund review: reads a customer's message, and when it asks for money back, lets a person of finance release exactly one refund.
#
# For:       a shop's support desk. The model judges, a person pays.
# Run:       flowgate run flows/refund-review.yaml -p order_id=A-1001 -p message="It arrived broken"
# For real:  set OPENAI_API_KEY, point \`config.shop_url\` at your shop (--set config.shop_url=https://…), and give the token:
#            FLOWGATE_SECRET_SHOP_TOKEN=…
# Rehearsal: the \`sandbox:\` blocks below answer for the model and the shop.

flow: refund-review
title: Refund review
description: Decides whether a message asks for a refund, and pays it once a person of finance agrees.

input:
  type: object
  required: [order_id, message]
  additionalProperties: false
  properties:
    order_id: {type: string, minLength: 1}
    message: {type: string, minLength: 1}

config:
  shop_url: "https://shop.example"

limits: {timeout: 3d, cost_usd: 0.25, steps: 100}
defaults: {model: openai/gpt-5-mini, timeout: 60s}

steps:
  classify:
    title: Does the customer want the money back?
    llm:
      system: You sort the mail of an online shop. Answer only from what the customer wrote.
      prompt: |
        Does this customer ask for a refund?

        {{ input.message }}
      output:
        type: object
        required: [refund, why]
        additionalProperties: false
        properties:
          refund: {type: boolean}
          why: {type: string}
      temperature: 0
      max_tokens: 300
    retry: {attempts: 3, backoff: 1s..30s}
    sandbox:
      output: {refund: true, why: The item arrived broken.}

  order:
    title: Look the order up
    http:
      get: "{{ config.shop_url }}/orders/{{ input.order_id }}"
      headers: {Authorization: "Bearer {{ secret.shop_token }}"}
    effect: read
    retry: {attempts: 3, backoff: 1s..10s}
    sandbox:
      output: {id: A-1001, customer: Ada Example, total: 42.5, currency: EUR, delivered: true}

  review:
    approval:
      title: "Refund {{ steps.order.output.total }} {{ steps.order.output.currency }} for order {{ input.order_id }}?"
      show: [input.message, steps.classify.output.why, steps.order.output]
      action: refund
      approvers: {any_of: ["role:finance"], quorum: 1}
      decisions: [approve, edit, reject]
      remind: [1d]
      expires: {after: 2d, then: reject}

  refund:
    title: Pay the money back
    http:
      post: "{{ config.shop_url }}/refunds"
      headers: {Authorization: "Bearer {{ secret.shop_token }}"}
      json:
        order: "{{ input.order_id }}"
        amount: "{{ steps.order.output.total }}"
    effect: once
    sandbox:
      output: {refund: R-7001, status: paid}

  outcome:
    title: What the customer is told
    set:
      refunded: has(steps.refund)
      asked: steps.classify.output.refund

  reply:
    title: Write the answer
    llm:
      system: You write short, friendly answers for an online shop. Promise nothing that was not decided.
      prompt: |
        Answer this customer in at most four sentences.

        They wrote: {{ input.message }}
        They asked for a refund: {{ steps.outcome.output.asked }}
        The refund was paid: {{ steps.outcome.output.refunded }}
      max_tokens: 400
    retry: {attempts: 3, backoff: 1s..30s}
    sandbox:
      output: We are sorry that it arrived broken. Your refund is on its way and should reach you within three days.

edges:
  - {from: classify, to: order, when: steps.classify.output.refund}
  - {from: classify, to: outcome, otherwise: true}
  - {from: order, to: review}
  - {from: review, to: refund, on: approved}
  - {from: review, to: outcome, on: rejected}
  - {from: refund, to: outcome}
  - {from: outcome, to: reply}

output: steps.reply.output
`;export{e as default};
