"""The catalogue that this installation runs by, read once per process."""

from functools import cache
from pathlib import Path

from django.conf import settings

from guantong.obligations.load import load_catalogue
from guantong.obligations.model import Catalogue
from guantong.records.roles import Roles, load_roles


def current() -> Catalogue:
    return _catalogue(settings.CATALOGUE_DIR)


def roles() -> Roles:
    return _roles(settings.CATALOGUE_DIR)


@cache
def _catalogue(folder: Path) -> Catalogue:
    return load_catalogue(folder)


@cache
def _roles(folder: Path) -> Roles:
    return load_roles(folder / "roles.yaml")
