"""The processes of a catalogue folder, loaded as the commands load them."""

from pathlib import Path

from guantong.obligations.load import load_catalogue
from guantong.processes.load import Loaded
from guantong.records import catalogue


def processes_of(folder: Path) -> dict[str, Loaded]:
    return catalogue.processes_of(folder, load_catalogue(folder))
