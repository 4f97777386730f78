"""Checks Kubernetes manifests against the published schemas of each named version; a field that they do not know is a fault.

usage: python validate.py VERSION,... FILE...   (prints "VERSION FILE KIND: fault" for each fault, and how many documents it checked)
"""

import sys
import warnings

import kubernetes_validate
import yaml

# Each version that has no schema of its own is checked against the one before; that is said once a document.
warnings.simplefilter("ignore")
versions, *files = sys.argv[1:]
checked = 0
for file in files:
    with open(file) as stream:
        documents = [one for one in yaml.safe_load_all(stream) if one is not None]
    for version in versions.split(","):
        for document in documents:
            checked += 1
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except Exception as fault:  # noqa: BLE001
                print(f"{version} {file} {document.get('kind')}: {fault}")
print(f"checked {checked}")
