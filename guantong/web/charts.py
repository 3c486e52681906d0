"""ECharts options as plain data; the same figures always stand in a table below the chart."""

from typing import Any

from django.urls import reverse

from guantong.web.org_tree import Node


def org_tree(node: Node, depth: int) -> dict[str, Any]:
    """The organisations below one, unfolded so many levels deep. What has something below folds
    and unfolds at a click, a leaf opens its page; wheel and pinch zoom, dragging moves.
    """
    return {
        "tooltip": {"trigger": "item", "formatter": "{b}"},
        "series": [
            {
                "type": "tree",
                "data": [_branch(node)],
                "orient": "LR",
                "roam": True,
                "scaleLimit": {"min": 0.2, "max": 4},
                "initialTreeDepth": depth,
                "expandAndCollapse": True,
                "symbol": "circle",
                "symbolSize": 9,
                "left": 12,
                "right": "28%",
                "top": 12,
                "bottom": 12,
                "label": {"position": "right", "align": "left", "fontSize": 13, "distance": 6},
                "lineStyle": {"color": "#c9ccca"},
            }
        ],
    }


def _branch(node: Node) -> dict[str, Any]:
    told = f"{node.short_name}  {node.members} 人"
    if node.wants_secretary:
        told += "  书记空缺"
    found: dict[str, Any] = {"name": told, "value": node.members}
    if node.below:
        found["children"] = [_branch(child) for child in node.below]
    else:
        found["url"] = reverse("org", args=[node.pk])
    return found
