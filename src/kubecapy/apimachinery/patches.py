"""Change objects by patches: merge, JSON and strategic merge; pure, inputs stay untouched."""

from kubecapy.apimachinery.json_patch import MAX_OPERATIONS, PatchError, apply_json_patch
from kubecapy.apimachinery.merge_patch import apply_merge_patch, diff_merge_patch
from kubecapy.apimachinery.strategic_merge import UnmergeablePatch, apply_strategic_merge_patch

__all__ = [
    "MAX_OPERATIONS",
    "PatchError",
    "UnmergeablePatch",
    "apply_json_patch",
    "apply_merge_patch",
    "apply_strategic_merge_patch",
    "diff_merge_patch",
]
