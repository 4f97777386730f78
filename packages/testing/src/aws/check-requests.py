"""Checks requests against botocore's service models: for each line of JSON {service, operation, params} a line with its problems.

botocore's own validator looks at types, required members and unknown ones, and of ranges at the lower bound; the model says more
(upper bounds, patterns, enumerations, unions), which is checked here too.
"""

import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

SESSION = botocore.session.get_session()
VALIDATOR = ParamValidator()
MODELS = {}

# Java's classes of characters, as near as Python's come; all stand inside brackets in the models.
CLASSES = {
    r"\p{L}": r"\w",
    r"\p{M}": "\u0300-\u036f",
    r"\p{Z}": r"\s",
    r"\p{N}": r"\d",
    r"\p{S}": r"$+<=>^`|~",
    r"\p{P}": r"!-/:-@\[-_{}",
    r"\p{Alnum}": "A-Za-z0-9",
}


def pattern_of(text):
    for java, python in CLASSES.items():
        text = text.replace(java, python)
    return re.compile(text)


def beyond(shape, value, where):
    """What botocore's validator lets through."""
    said = shape.metadata
    kind = shape.type_name
    if kind == "structure":
        if said.get("union") or getattr(shape, "is_tagged_union", False):
            if len(value) != 1:
                yield f"{where}: a union with {len(value)} members"
        for key, member in value.items():
            if key in shape.members:
                yield from beyond(shape.members[key], member, f"{where}.{key}")
        return
    if kind == "list":
        if "max" in said and len(value) > said["max"]:
            yield f"{where}: {len(value)} entries, at most {said['max']}"
        for i, member in enumerate(value):
            yield from beyond(shape.member, member, f"{where}[{i}]")
        return
    if kind == "map":
        if "max" in said and len(value) > said["max"]:
            yield f"{where}: {len(value)} entries, at most {said['max']}"
        for key, member in value.items():
            yield from beyond(shape.key, key, f"{where} (key)")
            yield from beyond(shape.value, member, f"{where}.{key}")
        return
    if kind == "string":
        if "max" in said and len(value) > said["max"]:
            yield f"{where}: {len(value)} characters, at most {said['max']}"
        if "enum" in said and value not in said["enum"]:
            yield f"{where}: {value!r} is none of the enumeration"
        if "pattern" in said and not pattern_of(said["pattern"]).fullmatch(value):
            yield f"{where}: {value!r} does not match {said['pattern']}"
        return
    if kind in ("integer", "long", "float", "double"):
        if "max" in said and value > said["max"]:
            yield f"{where}: {value}, at most {said['max']}"


def problems_of(service, operation, params):
    if service not in MODELS:
        MODELS[service] = SESSION.get_service_model(service)
    shape = MODELS[service].operation_model(operation).input_shape
    if shape is None:
        return [] if not params else ["this operation takes nothing"]
    report = VALIDATOR.validate(params, shape)
    if report.has_errors():
        return report.generate_report().splitlines()
    return list(beyond(shape, params, operation))


for line in sys.stdin:
    asked = json.loads(line)
    try:
        found = problems_of(asked["service"], asked["operation"], asked["params"])
    except Exception as error:  # an unknown operation, say
        found = [f"{type(error).__name__}: {error}"]
    print(json.dumps(found), flush=True)
