"""`python3 run check-catalogue [DIR]`: load a catalogue folder and run all its examples."""

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from guantong.cli import files
from guantong.conditions.parse import CatalogueError, Problem
from guantong.dues import load_rates
from guantong.obligations import naive
from guantong.obligations.examples import all_examples
from guantong.obligations.load import load_catalogue
from guantong.obligations.model import Catalogue
from guantong.processes.examples import faults, tried
from guantong.processes.load import Loaded
from guantong.processes.versions import check_released, release, unreleased
from guantong.records.catalogue import processes_of
from guantong.records.criteria import load_criteria
from guantong.records.handling import load_handling
from guantong.records.papers import load_templates
from guantong.records.purposes import load_purposes
from guantong.records.roles import load_roles
from guantong.records.statistics import load_layout
from guantong.sheets.layout import load_layouts


class Command(BaseCommand):
    help = "检查规则目录：写法、依据、禁区和每个例子"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=files.catalogue_folder, metavar="目录",
            help="默认是本系统的 catalogue/",
        )  # fmt: skip
        parser.add_argument(
            "--release", dest="release_them", action="store_true",
            help="无误后记下各流程当前版本的指纹；记下的版本不能再就地修改",
        )  # fmt: skip

    def handle(
        self, *args: Any, folder: Path | None = None, release_them: bool = False, **options: Any
    ) -> None:
        place = folder or settings.CATALOGUE_DIR
        try:
            catalogue = load_catalogue(place)
            processes = processes_of(place, catalogue)
            _load_the_rest(place, catalogue, processes)
            check_released(place, processes.values())
            wrong = [*_wrong_examples(catalogue), *_faults(processes)]
        except CatalogueError as error:
            count = len(error.problems)
            raise CommandError(f"规则目录有 {count} 处问题：\n{error}") from None
        if wrong:
            raise CommandError(f"有 {len(wrong)} 个例子与规则不符：\n" + "\n".join(wrong))
        total = len(list(all_examples(catalogue))) + sum(map(len, map(tried, processes.values())))
        if release_them:
            self.stdout.write(f"新发布 {release(place, processes.values())} 个流程版本")
        self.stdout.write(
            f"规则目录无误：{len(catalogue.plans)} 个计划，{len(catalogue.obligations)} 项责任，"
            f"{len(processes)} 个流程，{len(catalogue.regulations)} 份依据，{total} 个例子全部相符"
        )
        if new := unreleased(place, processes.values()):
            self.stdout.write(
                f"还没有发布：{'、'.join(new)}。投入使用前加 --release，发布后就不会被就地改动"
            )


def _load_the_rest(place: Path, rules: Catalogue, processes: Mapping[str, Loaded]) -> None:
    """Every other file; raise CatalogueError with what is wrong in all of them."""
    now = {name: one.process for name, one in processes.items() if "." not in name}

    loads: dict[str, Callable[[], object]] = {
        "roles.yaml": partial(load_roles, place / "roles.yaml"),
        "sheets": partial(load_layouts, place / "sheets", rules),
        "sheets/dates": partial(load_layouts, place / "sheets/dates", rules),
        "exchange": partial(load_layouts, place / "exchange", rules),
        "dues.yaml": partial(load_rates, place / "dues.yaml"),
        "purposes.yaml": partial(load_purposes, place / "purposes.yaml"),
        "statistics.yaml": partial(load_layout, place / "statistics.yaml"),
        "documents": partial(load_templates, place, now),
        "cases.yaml": partial(load_handling, place / "cases.yaml", now, rules.kinds),
        "criteria": partial(load_criteria, place, rules, now),
    }
    problems: list[Problem] = []
    for name, load in loads.items():
        if name == "roles.yaml" or (place / name).exists():
            try:
                load()
            except CatalogueError as error:
                problems += error.problems
    if problems:
        raise CatalogueError(*problems)


def _wrong_examples(catalogue: Catalogue) -> list[str]:
    return [
        f"obligations/{example.obligation.name}.yaml 例“{example.says}”：{difference}"
        for example in all_examples(catalogue)
        for difference in example.differences(naive.entries(example.question, example.facts))
    ]


def _faults(processes: dict[str, Loaded]) -> list[str]:
    return [fault for loaded in processes.values() for fault in faults(loaded)]
