"""Does the sign of a fault tell it from other faults?

    python benchmarks/cross.py [--quick] [--json FILE] [--seeds 0 1 2]

Every harmful fault of `gan_tutorial.faults` that has a place in a plain GAN on digits is planted
there, one at a time, and trained for a short while; then the signs of *all* harmful faults are
asked. Signs that train networks of their own are left out; a sign that several faults share is
asked once, and stands under the first of them. A row says what was planted ("healthy" for nothing)
and, by the names of faults, whose sign shows; null where a sign cannot be measured.
"""

import report

from gan_tutorial.faults import FAULTS, Fault, Outcome, healthy, signs

OWN_RUN = (signs.gradient_at_the_start, signs.outdone_by_a_fresh_one)  # they train a network
STEPS = 100


def asked() -> list[Fault]:
    """Return one fault for each sign that is asked."""
    harmful = [fault for fault in FAULTS.values() if fault.harm and fault.measure not in OWN_RUN]
    first: dict = {}
    for fault in harmful:
        first.setdefault(fault.measure, fault)
    return list(first.values())


def shows(fault: Fault, outcome: Outcome) -> bool | None:
    """Say whether the sign of a fault shows in a run; None where it cannot be measured."""
    try:
        return bool(fault.shows(fault.measure(outcome)))
    except (KeyError, RuntimeError, ValueError):  # no batch norm, no mixture, no history
        return None


def main() -> None:
    """Plant, train, ask; print who sets off what, and write the rows."""
    options = report.options(__doc__, seeds=3)
    steps, rows = (10 if options.quick else STEPS), []
    for seed in options.seeds[:1] if options.quick else options.seeds:
        well = healthy("digits", loss="non-saturating", r1=0.0, seed=seed)
        planted = [fault for fault in FAULTS.values() if fault.harm and fault.applies(well)]
        cases = {"healthy": well} | {f.name: f.plant(well) for f in planted}
        for name, case in cases.items():
            outcome = case.run(steps=steps)
            found = {fault.name: shows(fault, outcome) for fault in asked()}
            rows.append({"planted": name, "seed": seed, "steps": steps, "signs": found})
            print(f"{name:28} {seed}", ", ".join(k for k, v in found.items() if v), flush=True)
            report.write("cross", rows, options.json)


if __name__ == "__main__":
    main()
