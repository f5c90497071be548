"""nbclient with limits: outputs are counted before they are kept, and a flood is reported to the caller."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from nbclient import NotebookClient

# A cell that sends this many times the kept amount is interrupted.
_HARD_FACTOR = 32
_MAX_OUTPUTS = 1000
_KEPT = frozenset({"stream", "display_data", "execute_result", "error", "update_display_data"})


class BoundedClient(NotebookClient):  # type: ignore[misc]
    """Executes cells one by one, as nbclient does, but keeps at most `output_bytes` of each cell's output.

    After `process_message` has dropped something, `truncated` is true for this cell; when the cell sends far more than
    the limit, `flooded` is set and the cell should be interrupted.
    """

    def bound(self, output_bytes: int, total_bytes: int) -> None:
        """Set the limits, in bytes of JSON, before the first cell."""
        self._cell_limit, self._left = output_bytes, total_bytes
        self.flooded = asyncio.Event()
        self.next_cell()

    def next_cell(self) -> None:
        """Reset the counters."""
        self._received, self._room, self.truncated = 0, min(self._cell_limit, self._left), False
        self.flooded.clear()
        self.reply: dict[str, Any] = {}

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        kind = msg["msg_type"]
        if kind in ("status", "clear_output"):
            return super().process_message(msg, cell, cell_index)
        if kind not in _KEPT:
            return None  # widgets and the like: student code must not change the state of this process
        size = len(json.dumps(msg["content"], default=str, ensure_ascii=False))
        self._received += size
        size *= self._places(msg)
        if self._received > _HARD_FACTOR * self._cell_limit:
            self.flooded.set()
        if size > self._room or len(cell.outputs) >= _MAX_OUTPUTS:
            self.truncated = True
            if kind != "stream" or len(cell.outputs) >= _MAX_OUTPUTS:
                return None
            msg["content"]["text"] = str(msg["content"].get("text", ""))[: self._room]
            size = self._room
        if size <= 0:
            return None
        self._room -= size
        self._left -= size
        return super().process_message(msg, cell, cell_index)

    def _places(self, msg: dict[str, Any]) -> int:
        """The number of outputs that will hold it: a display is replaced wherever its id was shown."""
        transient = msg["content"].get("transient")
        shown = transient.get("display_id") if isinstance(transient, dict) else None
        places: dict[int, list[int]] = self._display_id_map.get(shown, {}) if isinstance(shown, str) else {}
        return sum(map(len, places.values())) + (msg["msg_type"] != "update_display_data" or not places)

    def note_reply(self, cell: Any, cell_index: int, execute_reply: dict[str, Any]) -> None:
        """A hook of nbclient: receives the kernel's reply to the cell."""
        self.reply = execute_reply.get("content", {})
        self.truncated = self.truncated or self.reply.get("autograder_cut") is True


def tidy(outputs: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Outputs as a reader sees them: parts of one stream joined, and progress bars in their last state."""
    tidied: list[dict[str, Any]] = []
    for output in map(dict, outputs):
        last = tidied[-1] if tidied else {}
        if output.get("output_type") == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            tidied.append(output)
    for output in tidied:
        if output.get("output_type") == "stream":
            output["text"] = "\n".join(map(_settle, str(output["text"]).split("\n")))
    return tuple(tidied)


def _settle(line: str) -> str:
    """A line after its carriage returns and backspaces, in linear time, because the text is untrusted."""
    line = line.removesuffix("\r")
    shown: list[str] = []
    for piece in line[line.rfind("\r") + 1 :].split("\b"):
        if shown:
            shown.pop()
        shown.extend(piece)
    return "".join(shown)
