"""Options that follow from settings."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import Field, fields
from typing import Any, get_type_hints

import click

from w2v.cli.parameters import INPUT, OUTPUT, Command, grouped

recursive_option = grouped(
    "Text",
    click.option(
        "-r", "--recursive", is_flag=True,
        help="Read all files in a folder and its subfolders. Each is a text.",
    ),
)  # fmt: skip
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


def texts(corpus: Sequence[str], recursive: bool) -> list[str]:
    """The files that CORPUS stands for."""
    from w2v.text.corpus import files_of

    return [each for path in corpus for each in (files_of(path) if recursive else [path])]


class SettingOption(click.Option):
    """The option of a setting: it is None unless given, and aliases are not in the help."""

    def __init__(self, field: Field, kind: Any):
        from w2v.settings import ALIASES, option_name

        name, known = option_name(field.name), field.metadata
        self.heading, self._default = known["group"], known["shown"] or field.default
        if kind is bool:
            pair = f"{name}/--no-{name[2:]}" if field.default else name
            self._default = name[2:] if field.default else None
            super().__init__([pair], is_flag=True, default=None, help=known["help"])
            return
        whole, real = kind in (int, int | None), kind in (float, float | None)
        path = {"input": INPUT, "output": OUTPUT}.get(known["file"])
        usual = "N" if whole else "X" if real else "FILE" if path else "TEXT"
        choices = click.Choice(known["choices"]) if known["choices"] else None
        super().__init__(
            [name, *ALIASES.get(field.name, [])],
            default=None,
            type=choices or path or (int if whole else float if real else str),
            metavar=None if choices else known["metavar"] or usual,
            help=known["help"],
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As click's, with the setting's default, and without the aliases."""
        shown = copy.copy(self)
        shown.opts = self.opts[:1]
        if self._default is not None:
            shown.help = f"{self.help}  [default: {self._default}]"
        return click.Option.get_help_record(shown, ctx)


def setting_options(settings: type) -> dict[str, click.Option]:
    """An option for each field of a settings class, by the field's name."""
    kinds = get_type_hints(settings)
    return {field.name: SettingOption(field, kinds[field.name]) for field in fields(settings)}


def limit_blas(threads: int | None) -> None:
    """Give BLAS as many threads as we take, before NumPy is imported."""
    from w2v.system.resources import processors

    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads or processors()))


class SettingsCommand(Command):
    """Takes the options of settings classes too, which are named by `settings`."""

    def __init__(self, *args: Any, settings: tuple[str, ...], **others: Any):
        super().__init__(*args, **others)
        self._settings = settings

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Our own options and those of the settings."""
        from w2v import settings

        base = super().get_params(ctx)
        more = [
            option
            for name in self._settings
            for option in setting_options(getattr(settings, name)).values()
        ]
        return [*base[:-1], *more, base[-1]]  # --help is last


def split_settings(given: dict[str, Any], *kinds: type) -> list[Any]:
    """An object of each settings class, with what was given of its fields."""
    from w2v.settings import split_settings

    return split_settings(given, *kinds)
