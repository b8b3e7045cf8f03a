"""Command line options that are generated from the fields of settings classes."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from functools import cache
from typing import Any, TypeVar, cast

import click

from w2v.cli.command import INPUT, OUTPUT, Command, grouped

T = TypeVar("T")

recursive_option = grouped(
    "Text",
    click.option(
        "-r", "--recursive", is_flag=True,
        help="Accept folders as CORPUS: read all files in them and in their subfolders.",
    ),
)  # fmt: skip
# For commands that read documents, which read folders in any case.
folders_option = grouped(
    "Text",
    click.option(
        "-r", "--recursive", is_flag=True, expose_value=False,
        help="Accept folders as CORPUS, as w2v train does. Folders of documents are read without "
        "it, too.",
    ),
)  # fmt: skip
text_output_option = click.option(
    "-o", "--output", default="-", show_default=True, type=OUTPUT, metavar="FILE",
    help="Output file; - is stdout. A suffix .gz, .bz2, .xz or .zst compresses it.",
)  # fmt: skip
threads_option = click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="Worker threads; the result does not depend on their number.  [default: the processors "
    "that may be used]",
)  # fmt: skip
quiet_option = click.option("--quiet", is_flag=True, help="Print nothing but errors.")


def texts(corpus: Sequence[str], recursive: bool, keep_folders: bool = False) -> list[str]:
    """Return the files that CORPUS names; with --recursive, all files of its folders.

    keep_folders  as in `files_named`: a model of documents reads a folder with and without -r
    """
    from w2v.text.corpus import files_named

    return files_named(corpus, recursive, keep_folders)


class SettingOption(click.Option):
    """The option of one setting.

    The value is None unless the command line gives it: the settings class has the default. Aliases
    of the option work, but the help does not list them.

    field  the field of the settings class; its metadata has the help
    kind   the type of the field's values
    """

    def __init__(self, field: Field, kind: Any):
        from w2v.setting_fields import option_name
        from w2v.settings import ALIASES

        name, metadata = option_name(field.name), field.metadata
        self.heading, self._default = metadata["group"], metadata["shown"] or field.default
        if kind is bool:
            off = metadata["off"] or (f"--no-{name[2:]}" if field.default else "")
            names = f"{name}/{off}" if off else name
            self._default = name[2:] if field.default else None
            super().__init__([names], is_flag=True, default=None, help=metadata["help"])
            return
        is_int, is_float = kind in (int, int | None), kind in (float, float | None)
        path = {"input": INPUT, "output": OUTPUT}.get(metadata["file"])
        default_metavar = "N" if is_int else "X" if is_float else "FILE" if path else "TEXT"
        choices = click.Choice(metadata["choices"]) if metadata["choices"] else None
        super().__init__(
            [name, *ALIASES.get(field.name, [])],
            default=None,
            type=choices or path or (int if is_int else float if is_float else str),
            metavar=None if choices else metadata["metavar"] or default_metavar,
            help=metadata["help"],
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option and its help as click does, with the default, without aliases."""
        option = copy.copy(self)
        option.opts = self.opts[:1]
        if self._default is not None:
            option.help = f"{self.help}  [default: {self._default}]"
        return click.Option.get_help_record(option, ctx)


@cache
def setting_options(settings: type) -> Mapping[str, click.Option]:
    """Return an option for each field of a settings class, keyed by the field's name.

    The options are kept, because click asks for those of a command three times.
    """
    from w2v.setting_fields import setting_types

    kinds = setting_types(settings)
    return {field.name: SettingOption(field, kinds[field.name]) for field in fields(settings)}


def limit_blas(threads: int | None) -> None:
    """Limit the threads of BLAS, unless the environment already sets them.

    Call it before NumPy is imported: BLAS reads the environment variables when it is loaded.

    threads  number of threads; None: the number of processors that may be used
    """
    from w2v.system.resources import processors

    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads or processors()))


class GivenSettings:
    """The values of settings: a setting that the command line does not give is None."""

    def __init__(self, values: dict[str, Any]):
        self._values = values

    @property
    def any_given(self) -> bool:
        """Whether the command line gives at least one of the settings."""
        return any(value is not None for value in self._values.values())

    def has(self, name: str) -> bool:
        """Whether the command line gives a setting."""
        return self._values.get(name) is not None

    def given(self, kind: type[T]) -> T | None:
        """Return the settings object of this class if the command line gives one of its settings.

        Otherwise return None. Raises W2VError if a value is out of range
        """
        names = (field.name for field in fields(cast(Any, kind)))
        return self.of(kind) if any(self._values[name] is not None for name in names) else None

    def over(self, values: dict[str, Any]) -> GivenSettings:
        """Return these settings, with `values` for those that the command line does not give."""
        given = {name: value for name, value in self._values.items() if value is not None}
        return GivenSettings({**self._values, **values, **given})

    def of(self, kind: type[T]) -> T:
        """Return the settings object of this class; W2VError if a value is out of range."""
        from w2v.setting_fields import check, split_settings

        [settings] = split_settings(self._values, kind)
        check(settings)
        return cast(T, settings)


class SettingsCommand(Command):
    """A command that also has an option for each field of some settings classes.

    The function of the command receives the values of these options as one `GivenSettings` in the
    parameter `settings`.

    settings  the names of the settings classes in `w2v.settings`
    """

    def __init__(self, *args: Any, settings: tuple[str, ...], **others: Any):
        super().__init__(*args, **others)
        self._settings = settings

    def _options(self) -> dict[str, click.Option]:
        from w2v import settings

        kinds = (getattr(settings, name) for name in self._settings)
        return {name: option for kind in kinds for name, option in setting_options(kind).items()}

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options, then those of the settings, then --help."""
        base = super().get_params(ctx)
        return [*base[:-1], *self._options().values(), base[-1]]  # base[-1] is --help

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command with one object in place of the values of the settings."""
        values = {name: ctx.params.pop(name) for name in self._options()}
        ctx.params["settings"] = GivenSettings(values)
        return super().invoke(ctx)
