const e=`# Contract review: reads a contract, judges every clause on its own, rewrites the risky ones, and lets counsel sign the summary off.
#
# For:       a legal team that sees many similar contracts.
# Run:       flowgate run flows/contract-review.yaml -p path=contracts/acme.txt --as ana
#            Whoever starts it may not sign: flowgate approval approve ID --as bob, then flowgate exec resume ID
# For real:  ANTHROPIC_API_KEY, and an MCP server named \`files\` in the operator's configuration that may read the folder.
# Rehearsal: \`sandbox:\`; two clauses are judged, one is rewritten, counsel is asked once.

flow: contract-review
title: Contract review
description: One judgement per clause, in parallel and in order; the risky ones get a proposal; counsel decides.

input:
  type: object
  required: [path]
  properties:
    path: {type: string, minLength: 1}
    side: {type: string, enum: [customer, supplier], default: customer}

limits: {timeout: 7d, cost_usd: 3.0, steps: 2000}
defaults: {model: anthropic/claude-sonnet-4-5, retry: {attempts: 3, backoff: 1s..60s}, timeout: 120s}

steps:
  read:
    title: Read the file
    mcp: {server: files, tool: read_text_file, args: {path: "{{ input.path }}"}}
    effect: read
    sandbox:
      output: "1. Liability is unlimited.\\n2. Either side may end this contract with 30 days' notice."

  split:
    title: Split it into clauses
    llm:
      prompt: |
        List the clauses of this contract, each with its number and its full text, in order.

        {{ steps.read.output }}
      output:
        type: object
        required: [clauses]
        properties:
          clauses:
            type: array
            maxItems: 500
            items:
              type: object
              required: [number, text]
              properties: {number: {type: string}, text: {type: string}}
      temperature: 0
      max_tokens: 16000
    sandbox:
      output:
        clauses:
          - {number: "1", text: Liability is unlimited.}
          - {number: "2", text: Either side may end this contract with 30 days' notice.}

  clauses:
    title: Judge every clause
    map:
      over: steps.split.output.clauses
      as: clause
      concurrency: 4
      on_item_error: collect
      body:
        steps:
          judge:
            llm:
              prompt: |
                You review contracts for the {{ input.side }}. How risky is this clause, and why?

                {{ clause.text }}
              output:
                type: object
                required: [risk, why]
                properties:
                  risk: {type: string, enum: [low, medium, high]}
                  why: {type: string}
              temperature: 0
            sandbox:
              output: {risk: high, why: Nothing caps what we could owe.}
          propose:
            llm:
              prompt: |
                Rewrite this clause so that it is acceptable to the {{ input.side }}. Change as little as possible.

                {{ clause.text }}

                The problem: {{ steps.judge.output.why }}
            sandbox:
              output: Liability is limited to the fees paid in the last twelve months.
          result:
            set:
              number: clause.number
              risk: steps.judge.output.risk
              why: steps.judge.output.why
              proposal: "has(steps.propose) ? steps.propose.output : null"
        edges:
          - {from: judge, to: propose, when: steps.judge.output.risk == 'high'}
          - {from: judge, to: result, otherwise: true}
          - {from: propose, to: result}
        output: steps.result.output

  summary:
    llm:
      prompt: |
        Summarise this review in ten lines at most, the riskiest clause first.

        {{ steps.clauses.output | tojson }}
    sandbox:
      output: Clause 1 exposes us without limit; a cap is proposed. Clause 2 is standard.

  counsel:
    approval:
      title: "Sign the review of {{ input.path }} off?"
      show: [steps.summary.output, steps.clauses.output]
      approvers: {any_of: ["role:counsel"], exclude: [starter]}
      remind: [1d, 3d]
      expires: {after: 5d, then: branch}

  accepted:
    end:
      output: "{'verdict': 'accepted', 'summary': steps.summary.output, 'clauses': steps.clauses.output}"
  returned:
    end:
      output: "{'verdict': 'returned', 'summary': steps.summary.output, 'clauses': steps.clauses.output}"
  overdue:
    fail: {code: overdue, message: "Nobody of counsel looked at {{ input.path }} in time."}

edges:
  - {from: read, to: split}
  - {from: split, to: clauses}
  - {from: clauses, to: summary}
  - {from: summary, to: counsel}
  - {from: counsel, to: accepted, on: approved}
  - {from: counsel, to: returned, on: rejected}
  - {from: counsel, to: overdue, on: expired}
`;export{e as default};
