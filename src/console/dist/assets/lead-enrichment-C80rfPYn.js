const e=`# Lead enrichment: a child execution per lead finds out who they are, a model scores the fit, and the good ones go into the CRM.
# A lead that cannot be enriched does not stop the others.
#
# For:       sales operations, usually on a list from a form or a fair.
# Run:       flowgate run flows/lead-enrichment.yaml --input '{"leads": [{"email": "ada@acme.example", "domain": "acme.example"}]}'
# For real:  OPENAI_API_KEY, --set config.crm_url=https://…, FLOWGATE_SECRET_CRM_TOKEN=…; uses company-profile.yaml beside this file.
# Rehearsal: \`sandbox:\` here and in company-profile.yaml.

flow: lead-enrichment
title: Lead enrichment

input:
  type: object
  required: [leads]
  properties:
    leads:
      type: array
      minItems: 1
      maxItems: 1000
      items:
        type: object
        required: [email, domain]
        properties:
          email: {type: string, pattern: "^[^@]+@[^@]+$"}
          domain: {type: string, minLength: 3}

config:
  crm_url: "https://crm.example"
  score_min: 60

limits: {timeout: 1d, cost_usd: 20.0, steps: 20000}
defaults: {model: openai/gpt-5-mini, retry: {attempts: 3, backoff: 1s..30s}, timeout: 60s}

steps:
  leads:
    map:
      over: input.leads
      as: lead
      concurrency: 4
      on_item_error: continue
      body:
        steps:
          profile:
            flow: {agent: company-profile, input: {domain: lead.domain}}
          score:
            llm:
              prompt: |
                From 0 to 100: how well does this company fit a seller of workshop machines? {{ steps.profile.output | tojson }}
              output:
                type: object
                required: [score, why]
                properties:
                  score: {type: integer, minimum: 0, maximum: 100}
                  why: {type: string}
              temperature: 0
            sandbox:
              output: {score: 80, why: They run their own workshop.}
          save:
            title: Put it into the CRM
            http:
              put: "{{ config.crm_url }}/leads/{{ lead.email }}"
              headers: {Authorization: "Bearer {{ secret.crm_token }}"}
              json: {score: "{{ steps.score.output.score }}", profile: "{{ steps.profile.output }}"}
            effect: idempotent
            sandbox: {output: {saved: true}}
          result:
            set:
              email: lead.email
              score: steps.score.output.score
              saved: has(steps.save)
        edges:
          - {from: profile, to: score}
          - {from: score, to: save, when: steps.score.output.score >= config.score_min}
          - {from: score, to: result, otherwise: true}
          - {from: save, to: result}
        output: steps.result.output

  report:
    set:
      enriched: "steps.leads.output.filter(lead, lead != null)"
      failed: "steps.leads.output.filter(lead, lead == null).size()"

edges:
  - {from: leads, to: report}

output: steps.report.output
`;export{e as default};
