"""What SARIF 2.1.0 allows of what `contend` writes, as a JSON Schema.

Written from the specification (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), whose sections are
named, for the properties that are used. Stricter than the standard's own schema: no other property, and no URI that is
not a relative reference.
"""

from __future__ import annotations

from typing import Any


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _array(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string", "minLength": 1}
POSITIVE = {"type": "integer", "minimum": 1}
URI_REFERENCE = {"type": "string", "pattern": r"^(?![/])(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"}
MESSAGE = _object(("text",), text=TEXT, markdown=TEXT)  # 3.11
LEVEL = {"enum": ["error", "warning", "note"]}  # 3.27.10
ARTIFACT = _object(("uri", "uriBaseId"), uri=URI_REFERENCE, uriBaseId={"const": "%SRCROOT%"})  # 3.4
REGION = _object(("startLine",), startLine=POSITIVE, startColumn=POSITIVE, endLine=POSITIVE, endColumn=POSITIVE)  # 3.30
PHYSICAL = _object(("artifactLocation",), artifactLocation=ARTIFACT, region=REGION)  # 3.29
LOGICAL = _object(("name", "kind"), name=TEXT, fullyQualifiedName=TEXT, kind={"const": "function"})  # 3.33
LOCATION = _object(("physicalLocation",), physicalLocation=PHYSICAL, logicalLocations=_array(LOGICAL), message=MESSAGE)
RELATED = _object(
    ("id", "physicalLocation", "message"), id=POSITIVE, physicalLocation=PHYSICAL, message=MESSAGE
)  # 3.28
STEP = _object(("location",), location=LOCATION, nestingLevel={"type": "integer", "minimum": 0})  # 3.38
FLOW = _object(
    ("threadFlows",),
    message=MESSAGE,
    threadFlows=_array(_object(("locations",), locations=_array(STEP, minItems=1)), minItems=1, maxItems=1),
    properties=_object((), consequence=TEXT),
)  # 3.36, 3.37
SUPPRESSION = _object(
    ("kind",),
    kind={"enum": ["inSource", "external"]},
    status={"enum": ["accepted"]},
    justification=TEXT,
    location=LOCATION,
)  # 3.35
FINGERPRINTS = {"type": "object", "additionalProperties": TEXT, "minProperties": 1}
RESULT = _object(
    ("ruleId", "ruleIndex", "level", "message", "locations", "suppressions", "fingerprints", "partialFingerprints"),
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    rank={"type": "number", "minimum": 0, "maximum": 100},
    message=MESSAGE,
    locations=_array(LOCATION, minItems=1, maxItems=1),
    relatedLocations=_array(RELATED, uniqueItems=True, minItems=1),
    codeFlows=_array(FLOW, minItems=1),
    fingerprints=FINGERPRINTS,
    partialFingerprints=FINGERPRINTS,
    baselineState={"enum": ["new", "unchanged", "updated"]},
    suppressions=_array(SUPPRESSION, uniqueItems=True),
    properties={"type": "object"},
)  # 3.27
RULE = _object(
    ("id", "name", "shortDescription", "defaultConfiguration"),
    id=TEXT,
    name={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=_object(("level",), level=LEVEL),
    properties=_object(
        ("tags", "precision"),
        tags=_array(TEXT, uniqueItems=True, maxItems=10),  # GitHub shows ten
        precision={"enum": ["very-high", "high", "medium", "low"]},
    ),
)  # 3.49
NOTIFICATION = _object(
    ("message",),
    descriptor=_object(("id", "index"), id=TEXT, index={"type": "integer", "minimum": 0}),
    level=LEVEL,
    message=MESSAGE,
    locations=_array(LOCATION),
)  # 3.58
DRIVER = _object(
    ("name", "version", "rules"),
    name=TEXT,
    version=TEXT,
    shortDescription=MESSAGE,
    rules=_array(RULE, uniqueItems=True),
    notifications=_array(_object(("id",), id=TEXT, shortDescription=MESSAGE), uniqueItems=True),
)  # 3.19
INVOCATION = _object(
    ("executionSuccessful",),
    executionSuccessful={"type": "boolean"},
    exitCode={"type": "integer"},
    toolExecutionNotifications=_array(NOTIFICATION),
)  # 3.20
RUN = _object(
    ("tool", "results", "columnKind"),
    tool=_object(("driver",), driver=DRIVER),
    automationDetails=_object(("id",), id={"type": "string", "pattern": "/$"}),
    originalUriBaseIds=_object(("%SRCROOT%",), **{"%SRCROOT%": _object((), description=MESSAGE)}),
    columnKind={"const": "utf16CodeUnits"},
    invocations=_array(INVOCATION, minItems=1),
    results=_array(RESULT),
)  # 3.14
SARIF_SCHEMA: dict[str, Any] = _object(
    ("$schema", "version", "runs"),
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=_array(RUN, minItems=1, maxItems=1),
)  # 3.13
