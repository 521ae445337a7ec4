"""What a scenario may say: shipped files are valid, their schema is current, numbers keep their origin."""

import json
import tomllib

import pytest

from scenarios.findings import allowed_text, node_at, schema_findings
from scenarios.load import LIBRARY, load_scenario, scenario_json_schema
from scenarios.schema import Scenario
from scenarios.starter import schema_text
from scenarios.values import Quantity, Share


def models():
    """All tables a scenario is made of."""
    from pydantic import BaseModel

    from scenarios import (
        schema,
        schema_delivery,
        schema_limits,
        schema_periods,
        schema_program,
        schema_red_zones,
        schema_rules,
    )

    parts = (
        schema, schema_delivery, schema_limits, schema_periods, schema_program, schema_red_zones, schema_rules,
    )  # fmt: skip
    found = {m for part in parts for m in vars(part).values() if isinstance(m, type)}
    return [m for m in found if issubclass(m, BaseModel) and m is not Quantity]


def test_exported_schema_is_the_one_of_the_code():
    shipped = (LIBRARY / "scenario.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "export it again: scenarios.starter.schema_text()"
    assert json.loads(shipped) == scenario_json_schema()


@pytest.mark.parametrize("file", sorted(LIBRARY.glob("*.toml")), ids=lambda file: file.stem)
def test_shipped_files_satisfy_the_exported_schema_too(file):
    import jsonschema

    tables = json.loads(json.dumps(tomllib.loads(file.read_text()), default=str))
    jsonschema.validate(tables, scenario_json_schema())
    tables["horizon"] = {"weeks": 0}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tables, scenario_json_schema())


def test_every_key_is_documented():
    tables = {"base", "horizon", "segments", "channels", "fatigue", "response", "optout"}
    tables |= {"seasonality", "economics", "policy", "optimize"}  # these document themselves
    missing = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if not field.description and not (model is Scenario and name in tables) and not issubclass(model, Quantity)
    ]
    assert missing == []


def test_every_quantity_of_the_base_tells_its_unit_and_key_units_are_known():
    for path, unit in [
        (("channels", "sms", "unit_cost"), "{currency} per contact"),
        (("fatigue", "half_life_days"), "days"),
        (("horizon", "weeks"), "weeks"),
        (("policy", "caps", 0, "window", "rolling_days"), "days"),
        (("response", "saturation_orders_per_day"), "orders a day"),
        (("optimize", "limits", 0, "max_contacts_per_week"), "contacts a week"),
    ]:
        assert node_at(Scenario, path)["unit"] == unit


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("channels", "sms", "seen"), "a number from 0 to 1 (share of contacts delivered)"),
        (("channels", "sms", "unsubscribe_per_contact"), "a number from 0 to below 1 (per delivered contact)"),
        (("fatigue", "half_life_days"), "a number above 0 (days)"),
        (("horizon", "weeks"), "a whole number from 1 to 260 (weeks)"),
        (("base", "model"), '"best", "bg-nbd", "mbg-nbd", "mbg-cnbd"'),
        (("base", "as_of"), "a date like 1998-06-30"),
        (("optimize", "search_customers"), "a whole number from 1 to 100,000,000"),
        (("nonsense", "key"), None),
    ],
)
def test_what_is_allowed_is_read_from_the_schema(path, text):
    assert allowed_text(node_at(Scenario, path)) == text


def test_a_plain_number_is_the_users():
    assert Share.model_validate(0.4) == Share(value=0.4, origin="user")
    assert Share.model_validate({"value": 0.4, "origin": "fitted", "low": 0.3}).low == 0.3


@pytest.mark.parametrize("given", [True, "0.4", float("nan"), float("inf"), -0.01, 1.01, None, [0.4]])
def test_a_share_is_a_number_from_0_to_1(given):
    with pytest.raises(ValueError, match="Share"):
        Share.model_validate(given)


def test_the_scenario_cannot_change_after_loading():
    scenario = load_scenario("library:small").scenario
    with pytest.raises(ValueError, match="frozen"):
        scenario.horizon.weeks = 3


def test_one_mistake_is_one_finding():
    tables = {"base": {"where": {"column": [1]}, "consent_rate_correlation": 0}}
    found = [finding for finding in schema_findings(Scenario, tables) if finding.path[0] == "base"]
    assert [(f.path, f.given, f.allowed) for f in found] == [
        (("base", "where", "column"), "[1]", "a text, a number, true or false, or a date")
    ]


def test_a_misspelt_required_key_is_told_once():
    tables = {"fatigue": {"half_life_weeks": 1, "damping": 0.1, "relief_at_order": 1, "dropout_growth": 0}}
    found = [finding for finding in schema_findings(Scenario, tables) if finding.path[0] == "fatigue"]
    assert [finding.path for finding in found] == [("fatigue", "half_life_weeks")]
