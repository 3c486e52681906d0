"""ECharts options as plain data; the same figures always stand in a table below the chart."""

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils.http import urlencode

from guantong.web.org_tree import Node

LABEL: Final = {
    "position": "right", "align": "left", "fontSize": 13, "distance": 6, "width": 200,
    "overflow": "truncate", "backgroundColor": "#fff",
}  # fmt: skip
# Of what is unfolded: clear of the lines that leave it. What is folded is labelled like a leaf.
ABOVE: Final = {"position": "top", "align": "left", "verticalAlign": "bottom"}
TOP: Final = {**ABOVE, "width": 84, "overflow": "break", "lineHeight": 17}  # fits a phone
HEIGHTS: Final = (30, 80, 160, 400)  # leaves that a chart of a height has room for


def org_tree_height(node: Node, depth: int) -> int:
    """For how many leaves the chart needs room: the name of its height in app.css."""
    leaves = _leaves(node, depth)
    return next((most for most in HEIGHTS if leaves <= most), HEIGHTS[-1])


def _leaves(node: Node, depth: int) -> int:
    if not node.below or depth == 0:
        return 1
    return sum(_leaves(child, depth - 1) for child in node.below)


def org_tree(node: Node, depth: int, query: Mapping[str, str]) -> dict[str, Any]:
    """The organisations below one, unfolded so many levels deep. What has something below folds
    and unfolds at a click, a leaf opens its page. Wheel and pinch zoom, dragging moves.
    """
    top = {"label": TOP} if node.below else {}
    return {
        "tooltip": {"trigger": "item", "formatter": "{b}"},
        "series": [
            {
                "type": "tree",
                "data": [_branch(node, f"?{urlencode(query)}" if query else "", depth) | top],
                "orient": "LR",
                "roam": True,
                "scaleLimit": {"min": 0.2, "max": 4},
                "initialTreeDepth": depth,
                "expandAndCollapse": True,
                "edgeShape": "polyline",
                "symbol": "circle",
                "symbolSize": 9,
                "left": 12,
                "right": 210,
                "top": 12,
                "bottom": 12,
                "label": LABEL,
                "lineStyle": {"color": "#c9ccca"},
            }
        ],
    }


def _branch(node: Node, query: str, depth: int) -> dict[str, Any]:
    told = f"{node.short_name}  {node.members} 人"
    if node.wants_secretary:
        told += "  书记空缺"
    found: dict[str, Any] = {"name": told, "value": node.members}
    if node.below:
        found["children"] = [_branch(child, query, depth - 1) for child in node.below]
        if depth > 0:
            found["label"] = ABOVE
    else:
        found["url"] = reverse("org", args=[node.pk]) + query
    return found
