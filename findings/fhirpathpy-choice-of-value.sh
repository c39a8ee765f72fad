#!/usr/bin/env bash
# fhirpathpy 2.2.4: the choice element "Observation.value" is empty unless a model is passed in.
#
# FHIRPath on FHIR names a choice element by its stem (value, not valueQuantity). Without the third
# argument the answer is an empty list, not an error, so a rule "has a value" fails quietly on
# every Observation. With models["r4"] the value is found.
# What follows: always pass the model; an empty answer of a rule counts as a rule that did not run.
#
# Output seen:
#     without a model: []
#     with the model:  [{'value': 97, 'unit': '%'}]
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check fhirpathpy==2.2.4
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from fhirpathpy import evaluate
from fhirpathpy.models import models

SPO2 = {"resourceType": "Observation", "valueQuantity": {"value": 97, "unit": "%"}}
without = evaluate(SPO2, "Observation.value", {})
with_model = evaluate(SPO2, "Observation.value", {}, models["r4"])
print("without a model:", without)
print("with the model: ", with_model)
assert without == [] and with_model == [{"value": 97, "unit": "%"}]
PYTHON
