"""The control's ids as lines that other tools can match: one for each version of each standard."""

from bot.domain.control import CONTROL

CIS = "CIS AWS Foundations Benchmark"
STANDARDS = (
    *(f"{CIS} v{version}" for version, _ in CONTROL.cis),
    *(f"PCI DSS v{version}" for version, _ in CONTROL.pci_dss),
    *(f"NIST SP 800-171 {version}" for version, _ in CONTROL.nist_800_171),
    *(f"NIST CSF v{version}" for version, _ in CONTROL.nist_csf),
)
"""Which standards ask for it, oldest version first."""

_NUMBERS = (*CONTROL.cis, *CONTROL.pci_dss, *CONTROL.nist_800_171, *CONTROL.nist_csf)
REQUIREMENTS = tuple(f"{name}/{id_}" for name, (_, id_) in zip(STANDARDS, _NUMBERS, strict=True))
"""`CIS AWS Foundations Benchmark v5.0/1.16`: the form in which Security Hub names requirements."""
