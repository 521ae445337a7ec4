"""``contactpolicy --help``: the commands by what one wants to do, each with its first sentence, whole."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SECTIONS = {
    "Set up": ("init", "validate", "fit", "effects"),
    "Plan": ("simulate", "optimize", "compare", "sweep", "require"),
    "Explain": ("rules", "ledger", "credit", "cohorts", "before-after", "sensitivity"),
    "Carry out": ("dryrun", "deliver", "experiment", "export", "report"),
}
"""Commands that stand in none of them come last."""
OTHERS = "More"


class Sections(TyperGroup):
    """Lists commands in sections and never cuts a sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Called while help is written."""
        listed = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in self.list_commands(ctx) if name not in listed)
        for title, names in {**SECTIONS, OTHERS: others}.items():
            rows = [
                (name, command.get_short_help_str(limit=1_000))
                for name in names
                if (command := self.get_command(ctx, name)) is not None and not command.hidden
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
