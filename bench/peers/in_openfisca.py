"""Two rules in OpenFisca: hours of study of members, central training of those in office.

One attendance is a person of the simulation, one member a group of them: so the rows stay rows.
It works out sums, standards and verdicts (`seconds`). What is no rule but a join is made before
(`prepared`): reading the files and each row's kind. Who is bound, for how many months, and who is
exempt it is simply told, at no cost.
"""

import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from common import MEMBER, STUDY
from openfisca_core import periods
from openfisca_core.entities import build_entity
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Attendance = build_entity("attendance", "attendances", "", is_person=True)
Member = build_entity(
    "member", "members", "", roles=[{"key": "of", "plural": "ofs", "label": "", "doc": ""}]
)
YEAR = periods.DateUnit.YEAR
NOT_THERE, EXEMPT, MET, UNKNOWN, SHORT = range(5)


def given(name: str, entity: object, value_type: type) -> type[Variable]:
    fields = {
        "value_type": value_type,
        "entity": entity,
        "definition_period": YEAR,
        "label": name,
    }
    return type(name, (Variable,), fields)


class studied(Variable):
    value_type = float
    entity = Member
    definition_period = YEAR
    label = "hours that count"

    def formula(members, period):
        return members.sum(members.members("counted_hours", period))


class unsure(Variable):
    value_type = bool
    entity = Member
    definition_period = YEAR
    label = "hours of an attendance that counts are not known"

    def formula(members, period):
        return members.any(members.members("hours_unknown", period))


class counted_hours(Variable):
    value_type = float
    entity = Attendance
    definition_period = YEAR
    label = "hours of a kind that counts"

    def formula(attendances, period):
        counts = attendances("is_study", period) * (1 - attendances("is_recorder", period))
        return counts * attendances("hours", period)


class hours_unknown(Variable):
    value_type = bool
    entity = Attendance
    definition_period = YEAR
    label = "hours not known, of a kind that counts"

    def formula(attendances, period):
        counts = attendances("is_study", period) * (1 - attendances("is_recorder", period))
        return counts * attendances("without_hours", period) > 0


class study_verdict(Variable):
    value_type = int
    entity = Member
    definition_period = YEAR
    label = "verdict of member-study-hours"

    def formula(members, period):
        months = members("months", period)
        required = np.asarray([0, *MEMBER])[months]
        met = np.round(members("studied", period).astype("float64"), 2) >= required
        verdict = np.where(met, MET, np.where(members("unsure", period), UNKNOWN, SHORT))
        verdict = np.where(members("exempt", period), EXEMPT, verdict)
        return np.where(months > 0, verdict, NOT_THERE)


class training_verdict(Variable):
    value_type = int
    entity = Member
    definition_period = YEAR
    label = "verdict of leader-central-training"

    def formula(members, period):
        trained = members.sum(members.members("is_training", period))
        verdict = np.where(trained >= 1, MET, SHORT)
        return np.where(members("in_office", period), verdict, NOT_THERE)


INPUTS = {
    "hours": (Attendance, float),
    "is_study": (Attendance, bool),
    "is_training": (Attendance, bool),
    "is_recorder": (Attendance, bool),
    "without_hours": (Attendance, bool),
    "months": (Member, int),
    "exempt": (Member, bool),
    "in_office": (Member, bool),
}
RULES = (studied, unsure, counted_hours, hours_unknown, study_verdict, training_verdict)


def main() -> None:
    facts, answers, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    on_cpu = os.environ.get("GUANTONG_BENCH_CLOCK") == "cpu"
    clock = time.process_time if on_cpu else time.perf_counter
    start = clock()
    inputs, members, of_member = prepared(facts, answers)
    preparing, taken, counts = clock() - start, [], {}
    for _ in range(times):
        start = clock()
        study, training = assess(inputs, members, of_member)
        taken.append(clock() - start)
    for name, found in (("member-study-hours", study), ("leader-central-training", training)):
        for verdict, word in (
            (EXEMPT, "exempt"),
            (MET, "met"),
            (UNKNOWN, "unknown"),
            (SHORT, "short"),
        ):
            if number := int((found == verdict).sum()):
                counts[f"{name} {word}"] = number
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": statistics.median(taken), "peak": peak, "prepared": preparing,
                      "counts": counts}))  # fmt: skip


def prepared(facts: Path, answers: Path) -> tuple[dict[str, np.ndarray], int, np.ndarray]:
    """Rows as arrays. `answers/bound.parquet` says who is bound, and by what."""
    acts = pq.read_table(facts / "activities.parquet", columns=["activity_id", "kind", "planned"])
    ids = acts["activity_id"].to_numpy()
    order = np.argsort(ids)
    kinds = acts["kind"].combine_chunks().dictionary_encode()
    words = kinds.dictionary.to_pylist()
    held = ~acts["planned"].to_numpy()
    study = (np.isin(words, STUDY)[kinds.indices.to_numpy()] & held)[order]
    training = (np.isin(words, ["central_training"])[kinds.indices.to_numpy()] & held)[order]
    rows = pq.read_table(facts / "attendances.parquet", read_dictionary=["role"])
    place = np.searchsorted(ids[order], rows["activity_id"].to_numpy())
    hours = rows["hours"].cast("float64").to_numpy()
    roles = rows["role"].combine_chunks()
    recorder = np.isin(roles.dictionary.to_pylist(), ["recorder"])[roles.indices.to_numpy()]
    bound = pq.read_table(answers / "bound.parquet")
    people = bound["person_id"].to_numpy()
    inputs = {
        "hours": np.nan_to_num(hours).astype("float32"),
        "without_hours": np.isnan(hours),
        "is_study": study[place],
        "is_training": training[place],
        "is_recorder": recorder,
        "months": bound["months"].to_numpy().astype("int32"),
        "exempt": bound["exempt"].to_numpy(),
        "in_office": bound["in_office"].to_numpy(),
    }
    return inputs, len(people), np.searchsorted(people, rows["person_id"].to_numpy())


def assess(
    inputs: dict[str, np.ndarray], members: int, of_member: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    system = TaxBenefitSystem([Attendance, Member])
    system.add_variables(*(given(name, *kind) for name, kind in INPUTS.items()), *RULES)
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("attendance", np.arange(len(of_member)))
    groups = builder.declare_entity("member", np.arange(members))
    builder.join_with_persons(groups, of_member, np.full(len(of_member), "of"))
    simulation = builder.build(system)
    for name, values in inputs.items():
        simulation.set_input(name, "2023", values)
    return simulation.calculate("study_verdict", "2023"), simulation.calculate(
        "training_verdict", "2023"
    )


if __name__ == "__main__":
    main()
