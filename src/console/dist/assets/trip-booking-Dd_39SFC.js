const t=`# Trip booking: reserves a flight, a hotel and a car, and asks before it pays. When anything fails, or the answer is no, what was reserved
# is given back in reverse order (a saga).
#
# For:       a travel desk.
# Run:       flowgate run flows/trip-booking.yaml -p traveller="Ada Example" -p to=LIS -p nights=3
#            Reject at the question to see the reservations given back.
# For real:  --set config.travel_url=https://…, FLOWGATE_SECRET_TRAVEL_TOKEN=…
# Rehearsal: \`--rehearse\` with the \`sandbox:\` blocks (the flow has no model steps, so it is never rehearsed on its own).

flow: trip-booking
title: Trip booking

input:
  type: object
  required: [traveller, to, nights]
  properties:
    traveller: {type: string, minLength: 1}
    to: {type: string, pattern: "^[A-Z]{3}$"}
    nights: {type: integer, minimum: 1, maximum: 60}

config:
  travel_url: "https://travel.example"

limits: {timeout: 2d}
defaults: {timeout: 30s, retry: {attempts: 3, backoff: 1s..10s}}

steps:
  flight:
    http:
      post: "{{ config.travel_url }}/flights"
      headers: {Authorization: "Bearer {{ secret.travel_token }}"}
      json: {traveller: "{{ input.traveller }}", to: "{{ input.to }}"}
    effect: idempotent
    compensate:
      http:
        delete: "{{ config.travel_url }}/flights/{{ steps.flight.output.id }}"
        headers: {Authorization: "Bearer {{ secret.travel_token }}"}
    sandbox: {output: {id: F-1, price: 240}}
  hotel:
    http:
      post: "{{ config.travel_url }}/hotels"
      headers: {Authorization: "Bearer {{ secret.travel_token }}"}
      json: {traveller: "{{ input.traveller }}", city: "{{ input.to }}", nights: "{{ input.nights }}"}
    effect: idempotent
    compensate:
      http:
        delete: "{{ config.travel_url }}/hotels/{{ steps.hotel.output.id }}"
        headers: {Authorization: "Bearer {{ secret.travel_token }}"}
    sandbox: {output: {id: H-1, price: 360}}
  car:
    http:
      post: "{{ config.travel_url }}/cars"
      headers: {Authorization: "Bearer {{ secret.travel_token }}"}
      json: {traveller: "{{ input.traveller }}", city: "{{ input.to }}", days: "{{ input.nights }}"}
    effect: idempotent
    compensate:
      http:
        delete: "{{ config.travel_url }}/cars/{{ steps.car.output.id }}"
        headers: {Authorization: "Bearer {{ secret.travel_token }}"}
    sandbox: {output: {id: C-1, price: 120}}

  total:
    set:
      price: steps.flight.output.price + steps.hotel.output.price + steps.car.output.price

  confirm:
    approval:
      title: "Pay {{ steps.total.output.price }} EUR for the trip of {{ input.traveller }}?"
      show: [steps.flight.output, steps.hotel.output, steps.car.output]
      action: pay
      decisions: [approve, reject]
      expires: {after: 1d, then: reject}
  pay:
    http:
      post: "{{ config.travel_url }}/payments"
      headers: {Authorization: "Bearer {{ secret.travel_token }}"}
      json: {traveller: "{{ input.traveller }}", amount: "{{ steps.total.output.price }}"}
    effect: once
    retry: {attempts: 1}
    sandbox: {output: {payment: P-1, status: paid}}
  declined:
    fail: {code: declined, message: "The trip of {{ input.traveller }} was not approved; its reservations were given back."}

edges:
  - {from: flight, to: hotel}
  - {from: hotel, to: car}
  - {from: car, to: total}
  - {from: total, to: confirm}
  - {from: confirm, to: pay, on: approved}
  - {from: confirm, to: declined, on: rejected}

output: "{'flight': steps.flight.output.id, 'hotel': steps.hotel.output.id, 'car': steps.car.output.id, 'payment': steps.pay.output.payment}"
`;export{t as default};
