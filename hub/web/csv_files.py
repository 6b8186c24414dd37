"""CSV files for spreadsheets: streamed, in UTF-8 that Excel recognises, and no cell is ever run as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, stream_with_context

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"＝＋－＠")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
BYTE_ORDER_MARK = "\ufeff"
ROWS_AT_ONCE = 200


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return the rows as a download called `name`, sent while they are read; open no transaction around this call."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(_written(head, rows)), mimetype="text/csv", headers=headers)


def cell(value: object) -> str:
    """Return what a cell holds. What a spreadsheet would run gets an apostrophe in front; a number or phone is none."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def _written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)  # a spreadsheet may split at ; or tab
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if number % ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
