"""From pydantic's errors to what a user can act on: the key, what is wrong, what was given, what is allowed."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from scenarios.locate import Path
from scenarios.words import nearest, shown, without_unit

Node = dict[str, Any]
"""A node of a JSON Schema."""


class Finding(NamedTuple):
    """Something wrong at a key; the loader adds the file and the line."""

    path: Path
    what: str
    given: str | None = None
    allowed: str | None = None
    also: tuple[Path, ...] = ()
    """Other keys that take part; the one that was set last is where the mistake was made."""


_SAID = {
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "is not written as it must be",
    "date_type": "must be a date, without quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "literal_error": "is not one of the choices",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
}


def schema_findings(model: type[BaseModel], data: Node) -> list[Finding]:
    """Everything in which ``data`` departs from the model, key by key; [] if it is valid."""
    try:
        model.model_validate(data)
    except ValidationError as error:
        items = error.errors(include_url=False)
        meant = {_meant(model, _path(data, item["loc"])) for item in items if item["type"] == "extra_forbidden"}
        wrong = [item for item in items if item["type"] != "missing" or item["loc"] not in meant]
        return _one_per_key([_finding(model, data, item) for item in wrong])
    return []


def _one_per_key(findings: list[Finding]) -> list[Finding]:
    """A value that fits none of several types is one mistake."""
    by_path: dict[Path, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    several = "a text, a number, true or false, or a date"
    return [
        same[0] if len(same) == 1 else Finding(path, "has the wrong type", same[0].given, several)
        for path, same in by_path.items()
    ]


def _meant(model: type[BaseModel], path: Path) -> Path | None:
    """The valid key that an unknown one was probably meant to be."""
    properties = (node_at(model, path[:-1]) or {}).get("properties", {})
    close = nearest(str(path[-1]), properties)
    return None if close is None else (*path[:-1], close)


@cache
def json_schema(model: type[BaseModel]) -> Node:
    """The model's JSON Schema, where units, ranges and choices are read from."""
    return model.model_json_schema()


def node_at(model: type[BaseModel], path: Path) -> Node | None:
    """The schema of the value at ``path``, its unit and description included; None for an unknown key."""
    root = json_schema(model)
    node: Node | None = root
    for key in path:
        if node is None:
            return None
        node = _child(root, _resolved(root, node), key)
    return None if node is None else _resolved(root, node)


def allowed_text(node: Node | None) -> str | None:
    """The values a schema node admits, in words."""
    if node is None:
        return None
    of_unit = f" ({node['unit']})" if node.get("unit") else ""
    if "enum" in node:
        return ", ".join(map(shown, node["enum"]))
    if node.get("type") in ("number", "integer"):
        return _range_text(node) + of_unit
    if node.get("type") == "array":
        inside = allowed_text(node.get("items", {}))
        return f"a list; each: {inside}{of_unit}" if inside else "a list"
    if node.get("type") == "object":
        return "a table of: " + ", ".join(node["properties"]) if "properties" in node else "a table"
    if node.get("format") == "date":
        return "a date like 1998-06-30"
    if node.get("pattern"):
        return str(node.get("description", f"a text that matches {node['pattern']}")).rstrip(".")
    if node.get("type") == "string":
        return f"a text of {node.get('minLength', 0)} to {node.get('maxLength', 'any number of')} characters"
    return {"boolean": "true or false"}.get(node.get("type", ""))


def _range_text(node: Node) -> str:
    kind = "a whole number" if node["type"] == "integer" else "a number"
    low, above = node.get("minimum"), node.get("exclusiveMinimum")
    high, below = node.get("maximum"), node.get("exclusiveMaximum")
    start = f"{low:,.12g}" if low is not None else f"above {above:,.12g}" if above is not None else None
    end = f"to {high:,.12g}" if high is not None else f"to below {below:,.12g}" if below is not None else None
    if start and end:
        return f"{kind} from {start} {end}" if low is not None else f"{kind} {start} {end}"
    if start:
        return f"{kind} of at least {start}" if low is not None else f"{kind} {start}"
    return f"{kind} {end}" if end else kind


def _finding(model: type[BaseModel], data: Node, item: Any) -> Finding:
    path, given = _path(data, item["loc"]), item["input"]
    kind = item["type"]
    if kind == "extra_forbidden":
        return _unknown_key(model, path, given)
    node = node_at(model, path)
    if kind == "missing":
        hint = '; extends = "library:base.toml" supplies every shipped value' if len(path) <= 2 else ""
        return Finding(path, "is missing" + hint, None, allowed_text(node))
    if item["loc"] and item["loc"][-1] == "[key]":
        pattern = item.get("ctx", {}).get("pattern", "")
        return Finding(path, "is not a possible name", shown(path[-1]), _name_text(pattern))
    if kind in ("too_long", "too_short"):
        size = item["ctx"]
        bound = f"at most {size['max_length']}" if kind == "too_long" else f"at least {size['min_length']}"
        return Finding(path, _SAID[kind], str(len(given)), f"{bound} entries")
    quantity = kind == "model_type" and node is not None and node.get("type") == "number"
    what = "must be a number, or a table with value = a number" if quantity else _SAID.get(kind)
    if what is None:
        what = "is out of range" if "than" in kind else item["msg"][0].lower() + item["msg"][1:]
    return Finding(path, what, shown(given), allowed_text(node))


def _path(data: Node, loc: tuple[str | int, ...]) -> Path:
    """The place in the user's data: pydantic's own additions (a key check, a wrapped number) are dropped."""
    path: list[str | int] = []
    node: Any = data
    for key in loc:
        if key == "[key]" or (key == "value" and _is_number_with_origin(node)):
            break
        if isinstance(node, list) and isinstance(key, str):
            break  # the tag of a union
        if isinstance(node, list):
            node = node[key] if isinstance(key, int) and key < len(node) else None
        elif isinstance(node, dict):
            node = node.get(str(key))
        elif path and node is not None:
            break  # the tag of a union
        path.append(key)
    return tuple(path)


def _is_number_with_origin(node: object) -> bool:
    """A number, plain or as { value = ... }: its key is the one the user knows, not ``value``."""
    return isinstance(node, (int, float)) or (
        isinstance(node, dict) and "value" in node and not isinstance(node["value"], dict)
    )


def _unknown_key(model: type[BaseModel], path: Path, given: object) -> Finding:
    parent = node_at(model, path[:-1]) or {}
    properties: Node = parent.get("properties", {})
    key = str(path[-1])
    close = nearest(key, properties)
    allowed = ", ".join(properties)
    if close is None:
        elsewhere = _homes(model, key)
        hint = f"; it belongs in {elsewhere}" if elsewhere else ""
        return Finding(path, f"unknown key{hint}", f"{key} = {shown(given)}", allowed)
    unit = (node_at(model, (*path[:-1], close)) or {}).get("unit")
    counted = f", counted in {unit}" if unit else ""
    wrong_unit = close != key and without_unit(close) == without_unit(key)
    what = "wrong unit: the key is" if wrong_unit else "unknown key; did you mean"
    return Finding(path, f"{what} '{close}'{counted}", f"{key} = {shown(given)}", allowed)


def _homes(model: type[BaseModel], key: str) -> str:
    """The top-level table in which this key would be known."""
    root = json_schema(model)
    homes = [table for table, node in root["properties"].items() if key in _resolved(root, node).get("properties", {})]
    return ", ".join(f"[{home}]" for home in homes)


def _name_text(pattern: str) -> str:
    if pattern.startswith("^[A-Za-z_]"):
        return "letters, digits and _, not starting with a digit, at most 40 characters"
    return "1 to 40 letters, digits, spaces and any of _ . , & / + -, starting with a letter or digit"


def _resolved(root: Node, node: Node) -> Node:
    """Follow references and take the first real alternative, keeping unit and description."""
    kept: Node = {key: node[key] for key in ("unit", "description", "default") if key in node}
    while "$ref" in node or "anyOf" in node:
        if "$ref" in node:
            node = root["$defs"][node["$ref"].rpartition("/")[2]]
            continue
        options = [option for option in node["anyOf"] if option.get("type") != "null"]
        tables = {key: value for option in options[1:] for key, value in option.items() if key == "properties"}
        kept |= {key: options[0][key] for key in ("unit",) if key in options[0]}
        node = {**options[0], **tables}
    return {**node, **kept}


def _child(root: Node, node: Node, key: str | int) -> Node | None:
    if isinstance(key, int):
        return node.get("items")
    if key in node.get("properties", {}):
        child: Node = node["properties"][key]
        return child
    for named in node.get("patternProperties", {}).values():
        return dict(named)
    extra = node.get("additionalProperties")
    return extra if isinstance(extra, dict) else None
