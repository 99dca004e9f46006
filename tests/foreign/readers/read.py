"""Reads messages as a Python service would: json, and urllib.parse for forms and queries; the last of equal names."""

import json
import sys
from urllib.parse import parse_qs


def read(message):
    if message["kind"] == "json":
        return json.loads(message["text"])
    fields = {name: values[-1] for name, values in parse_qs(message["text"], keep_blank_values=True).items()}
    if "rows" in fields:
        fields["rows"] = int(fields["rows"])
    return fields


json.dump([read(message) for message in json.load(sys.stdin)], sys.stdout)
