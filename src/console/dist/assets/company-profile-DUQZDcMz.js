const n=`# Company profile: looks one company up and describes it. Made to be used by other flows (see lead-enrichment.yaml), useful on its own.
#
# Run:       flowgate run flows/company-profile.yaml -p domain=acme.example
# For real:  OPENAI_API_KEY, --set config.registry_url=https://…
# Rehearsal: \`sandbox:\`.

flow: company-profile
title: Company profile

input:
  type: object
  required: [domain]
  properties: {domain: {type: string, minLength: 3}}

config:
  registry_url: "https://registry.example"

limits: {timeout: 10m, cost_usd: 0.1}
defaults: {model: openai/gpt-5-mini, retry: {attempts: 3, backoff: 1s..10s}, timeout: 30s}

steps:
  lookup:
    http:
      get: "{{ config.registry_url }}/companies"
      query: {domain: "{{ input.domain }}"}
    effect: read
    sandbox:
      output: {name: Acme, employees: 120, industry: tools, country: DE}
  describe:
    llm:
      prompt: |
        Describe this company in two sentences for a sales person.

        {{ steps.lookup.output | tojson }}
    sandbox:
      output: Acme makes tools in Germany with about 120 people.
  unknown:
    fail: {code: unknown_company, message: "No company is registered under {{ input.domain }}."}

edges:
  - {from: lookup, to: describe}
  - {from: lookup, to: unknown, on: error}

output: "{'company': steps.lookup.output, 'description': steps.describe.output}"
`;export{n as default};
