"""A choice is named the way the user can make it."""

import pytest

from scenarios import api, cli
from sim.errors import InputError

ORDERS = "customer_id,order_date,order_value\na,2024-01-01,10\na,2024-01-02,-3\na,2024-01-02,-3\n"


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    return path


def test_the_command_line_names_options(orders, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["fit", str(orders), "--duplicates", "refuse"])
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert "allowed: --refunds net (subtract" in said
    assert "or --refunds drop (leave them out)" in said
    assert "allowed: --duplicates keep (each is an order) or --duplicates drop" in said
    assert "='" not in said


def test_a_missing_column_is_mapped_by_an_option(tmp_path, capsys):
    path = tmp_path / "orders.csv"
    path.write_text("cid,order_date,order_value\na,2024-01-01,10\n")
    with pytest.raises(SystemExit):
        cli.main(["fit", str(path)])
    assert "map it with --columns customer_id=cid" in capsys.readouterr().err


def test_a_scenario_names_its_keys(orders, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('extends = "library:base.toml"\n[base]\norders = "orders.csv"\nas_of = 2024-01-02\n')
    with pytest.raises(InputError, match=r'base\.refunds = "net" \(subtract .* or base\.refunds = "drop"'):
        api.simulate(str(file), customers=10)


def test_python_names_arguments(orders):
    with pytest.raises(InputError, match="refunds='net'"):
        api.fit(orders)
