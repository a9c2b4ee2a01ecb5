#!/bin/sh
# Checks the flow and rehearses it from start to end, approving on the way. Nothing leaves this machine.
set -eu
cd "$(dirname "$0")"
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

flowgate flow check flows/triage.yaml
result=$(flowgate run flows/triage.yaml -p message="The invoice is wrong" --rehearse --approve all -o json --data-dir "$data")
case $result in
  *'"status": "COMPLETED"'*) echo "ok: the flow completes" ;;
  *) echo "unexpected result: $result" >&2; exit 1 ;;
esac
