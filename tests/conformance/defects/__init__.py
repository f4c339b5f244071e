"""Plant defects in the embedded server, one at a time, to show that the suite catches them.

Each defect breaks the code in this process as a careless change would; `caught_by` names the module of the suite that
must fail because of it. `test_planted_defects.py` runs that module once for each defect, in a process of its own.
"""

import os
from collections.abc import Mapping

from tests.conformance.defects.clients import CLIENTS
from tests.conformance.defects.custom import CUSTOM
from tests.conformance.defects.defect import Defect
from tests.conformance.defects.reading import READING
from tests.conformance.defects.reviews import REVIEWS
from tests.conformance.defects.writing import WRITING

VARIABLE = "KUBECAPY_PLANTED_DEFECT"
"""Environment variable that names the defect to plant."""

DEFECTS: Mapping[str, Defect] = {**CLIENTS, **CUSTOM, **READING, **REVIEWS, **WRITING}


def plant_asked_for() -> None:
    """Plant the defect that the environment names; nothing where it names none."""
    name = os.environ.get(VARIABLE)
    if name:
        DEFECTS[name].plant()
