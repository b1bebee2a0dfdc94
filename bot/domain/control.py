"""The control's names in each standard, so that a finding can be matched with other tools' findings."""

from dataclasses import asdict, dataclass
from itertools import groupby

from bot.domain.canonical import Json


@dataclass(frozen=True, slots=True)
class Control:
    """One control, as each standard numbers it."""

    id: str
    title: str
    datadog: str
    cis: tuple[tuple[str, str], ...]
    """CIS AWS Foundations: version of the benchmark, id there; oldest first."""
    security_hub: str
    config_rule: str
    prowler: str
    pci_dss: tuple[tuple[str, str], ...]
    nist_800_171: tuple[tuple[str, str], ...]
    nist_csf: tuple[tuple[str, str], ...]

    def cis_id(self, version: str) -> str:
        """The id in a version of CIS AWS Foundations, or empty for a version without it."""
        return dict(self.cis).get(version, "")

    def cis_in_words(self) -> str:
        """`CIS 1.22 (v1.1), 1.17 (v1.3 to v4.0), …`: versions in a row with one id stand together."""
        rows = groupby(self.cis, key=lambda row: row[1])
        return "CIS " + ", ".join(f"{id_} ({_span([v for v, _ in row])})" for id_, row in rows)

    def as_json(self) -> dict[str, Json]:
        """The `control` object of reports: ids by version are objects, all else is text."""
        return {
            name: dict(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def _span(versions: list[str]) -> str:
    return f"v{versions[0]}" if len(versions) == 1 else f"v{versions[0]} to v{versions[-1]}"


CONTROL = Control(
    id="support-role",
    title="Support roles should be created to manage incidents with AWS Support",
    datadog="def-000-fz8",
    cis=(
        ("1.1", "1.22"),
        ("1.2", "1.20"),
        ("1.3", "1.17"),
        ("1.4", "1.17"),
        ("1.5", "1.17"),
        ("2.0", "1.17"),
        ("3.0", "1.17"),
        ("4.0", "1.17"),
        ("5.0", "1.16"),
        ("6.0", "2.16"),
        ("7.0", "2.15"),
    ),
    security_hub="IAM.18",
    config_rule="iam-policy-in-use",
    prowler="iam_support_role_created",
    pci_dss=(("4.0.1", "12.10.3"),),
    nist_800_171=(("r2", "3.1.2"),),
    nist_csf=(("2.0", "RS.MA-04"),),
)
