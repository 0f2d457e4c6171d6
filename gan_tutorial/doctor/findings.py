"""What the doctor says: findings, and the report that ranks them."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["HEALTHY", "UNKNOWN", "Finding", "Report"]

HEALTHY, UNKNOWN = "healthy", "unknown"
SICK_FROM = 0.5  # a finding of at least this confidence makes a run sick
# Health shows in samples that were compared with data, and in nothing less: losses look alike
# whether the samples are good or not.
EVIDENCE = ("distance", "diversity", "samples beside data")


@dataclass(frozen=True)
class Finding:
    """One suspicion, and what speaks for it.

    Attributes
    ----------
    fault : str
        Its name: one of `gan_tutorial.faults.FAULTS`, or "unknown" for a run that is not well in
        no way that the doctor can name.
    confidence : float
        From 0 to 1; 1 for a fact that was read off the networks or the data, and not inferred
        from numbers that a healthy run might show by chance. It is not a probability: how often
        findings are right is measured in ``benchmarks/doctor.py``.
    evidence : str
        What was seen, with its numbers, in one sentence.
    cure : str
        What to do.
    signs : tuple of str
        The signs it rests on; `Report.figure` draws their columns.
    """

    fault: str
    confidence: float
    evidence: str
    cure: str
    signs: tuple[str, ...] = ()

    @property
    def card(self) -> str:
        """Where the book explains this fault; empty if it has no card there."""
        from ..faults import FAULTS

        return f"08_pitfalls.html#fault-{self.fault}" if self.fault in FAULTS else ""

    def __str__(self) -> str:
        return f"{self.fault} ({self.confidence:.0%}): {self.evidence} {self.cure}"


def fact(fault: str, evidence: str, cure: str, *signs: str) -> Finding:
    """Return a finding that was read off the networks, the data or a step, and is certain."""
    return Finding(fault, 1.0, evidence, cure, signs)


@dataclass(frozen=True)
class Report:
    """What the doctor found in one run.

    Attributes
    ----------
    findings : list of Finding
        The most confident first. Those below one half are worth a look, and no more.
    looked_at, not_looked_at : list of str
        The signs that were read, and those for which a column or the networks were missing, or
        for which there were too few looks.
    table : dict of str to numpy.ndarray
        The columns of the history, for the figure.
    looks : dict of str to int
        Of the signs that were not looked at because there were too few looks: how many there were
        in the second half of the run.
    remarks : list of str
        What else is to be known of how the doctor looked, in sentences.
    """

    findings: list[Finding]
    looked_at: list[str]
    not_looked_at: list[str]
    table: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    looks: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.findings.sort(key=lambda finding: -finding.confidence)

    @property
    def name(self) -> str:
        """The verdict in a word: a fault's name, "unknown" or "healthy".

        "unknown" means one of three things, and the text of the report says which: the run looks
        sick in no way that has a name, or too little was there to look at, or what there was
        cannot show health. For a verdict of health, samples must have been compared with data.
        """
        sick = [finding for finding in self.findings if finding.confidence >= SICK_FROM]
        if sick:
            return sick[0].fault
        return HEALTHY if any(name in EVIDENCE for name in self.looked_at) else UNKNOWN

    @property
    def healthy(self) -> bool:
        """Whether nothing was found, and samples were compared with data."""
        return self.name == HEALTHY

    def __str__(self) -> str:
        lines = []
        if self.name == HEALTHY:
            lines.append(f"Healthy, as far as {len(self.looked_at)} signs can tell.")
        elif self.name == UNKNOWN and not self._sick():
            what = (
                f"nothing speaks for a fault ({', '.join(self.looked_at)}), and nothing that "
                "shows health was looked at"
                if self.looked_at
                else "there was too little to look at"
            )
            lines.append(f"Unknown: {what}.")
            lines.append(
                "  To know: compare samples with data. Train with the doctor (--doctor, or "
                "callbacks=[Doctor()]), give the data (--data, or data=), or record the columns "
                "distance and diversity (doctor.compare_samples)."
            )
        for finding in self.findings:
            mark = "" if finding.confidence >= SICK_FROM else "perhaps "
            lines.append(f"{mark}{finding.fault}  [{finding.confidence:.0%}]")
            lines.append(f"  seen: {finding.evidence}")
            lines.append(f"  cure: {finding.cure}")
            if finding.card:
                lines.append(f"  card: {finding.card}")
        if self.looks:
            few = ", ".join(f"{name} ({count})" for name, count in self.looks.items())
            lines.append(f"Too few looks in the second half of the run to judge by: {few}.")
        if self.not_looked_at:
            lines.append("Not looked at: " + ", ".join(self.not_looked_at) + ".")
        lines += self.remarks
        return "\n".join(lines)

    def _sick(self) -> bool:
        return any(finding.confidence >= SICK_FROM for finding in self.findings)

    def to_dict(self) -> dict:
        """Return the report as JSON-able data."""
        return {
            "verdict": self.name,
            "findings": [
                {
                    "fault": finding.fault,
                    "confidence": round(finding.confidence, 3),
                    "evidence": finding.evidence,
                    "cure": finding.cure,
                    "card": finding.card,
                }
                for finding in self.findings
            ],
            "looked_at": self.looked_at,
            "not_looked_at": self.not_looked_at,
            "too_few_looks": self.looks,
            "remarks": self.remarks,
        }

    def figure(self, columns: list[str] | None = None) -> "Figure":
        """Draw the columns that the findings rest on, each in a small plot, and return the figure.

        Parameters
        ----------
        columns : list of str, optional
            Which ones to draw; by default those of the first two findings, or the commonest ones.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If the report comes without a history, or has no such column.
        """
        import matplotlib.pyplot as plt

        from .. import plots

        if columns is None:
            named = [name for finding in self.findings[:2] for name in finding.signs]
            usual = ("d_loss", "ranked", "logit_gap", "distance", "diversity", "coverage")
            columns = list(dict.fromkeys(n for n in (*named, *usual) if self._has(n)))[:4]
        elif missing := [name for name in columns if not self._has(name)]:
            raise ValueError(f"The report has no column {missing[0]!r}; it has {self._columns()}.")
        if not columns:
            raise ValueError("There is no history to draw: the report is of a look at the set-up.")
        figure, axes = plt.subplots(
            1, len(columns), figsize=(1.9 * len(columns) + 0.4, 1.9), squeeze=False
        )
        for axis, name in zip(axes[0], columns, strict=True):
            seen = ~np.isnan(self.table[name])
            color = plots.FAKE if name not in ("real_logit", "memory") else plots.REAL
            axis.plot(self.table["step"][seen], self.table[name][seen], color=color, lw=1.3)
            if name in EXPECTED and math.isfinite(EXPECTED[name]):
                axis.axhline(EXPECTED[name], color="black", ls="--", lw=0.8)
            axis.set(title=name.replace("_", " "), xlabel="step")
        return figure

    def _has(self, name: str) -> bool:
        return name != "step" and name in self.table and bool((~np.isnan(self.table[name])).any())

    def _columns(self) -> str:
        return ", ".join(name for name in self.table if self._has(name)) or "none"


# What a perfect generator in front of the best discriminator would show; the dashed lines.
EXPECTED = {
    "ranked": 0.5, "memory": 0.5, "logit_gap": 0.0, "held_out_gap": 0.0, "distance": 0.0,
    "diversity": 1.0, "coverage": 1 - 2**-5, "precision": 1 - 2**-5, "rank": 1.0,
}  # fmt: skip
