"""What of OpenRLHF and of what it needs is installed here."""

import importlib.metadata
import importlib.util

from touchstone_job import version_of, versions_of

PACKAGES = ("openrlhf", "vllm", "torch", "transformers", "deepspeed", "ray", "flash-attn", "datasets")
WRITTEN_FOR = "0.11.2"


def versions():
    return versions_of(PACKAGES)


def needs():
    """What this Python cannot train with, and what it may have trouble with, in words: OpenRLHF pins what it was tried with."""
    problems, warnings = [], []
    here = version_of("openrlhf")
    if here is None:
        raise ModuleNotFoundError("No module named 'openrlhf'")
    if here != WRITTEN_FOR:
        warnings.append(f"OpenRLHF is {here}; this was written for {WRITTEN_FOR}")
    for module in ("vllm", "flash_attn"):
        if importlib.util.find_spec(module) is None:
            problems.append(
                f"{module} is not installed, without which OpenRLHF does not start: pip install openrlhf[vllm]=={WRITTEN_FOR}"
            )
    from packaging.requirements import Requirement

    for text in importlib.metadata.requires("openrlhf") or []:
        asked = Requirement(text)
        found = version_of(asked.name)
        pinned = any(one.operator == "==" for one in asked.specifier)
        if pinned and found is not None and not asked.specifier.contains(found, prereleases=True):
            warnings.append(f"{asked.name} is {found}; OpenRLHF {here} asks for {asked.specifier}")
    return problems, warnings
