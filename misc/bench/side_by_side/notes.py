# SPDX-License-Identifier: BSD-3-Clause
"""The prose of the page: notes.md beside this file has a section for each row. Its first paragraph says what each side
does; what follows says why the row misses its target, where it does, and what was tried."""
from pathlib import Path


def read():
    """{row: (does, reason)}"""
    notes = {}
    for section in Path(__file__).with_name("notes.md").read_text().split("\n## ")[1:]:
        name, _, body = section.partition("\n")
        does, _, reason = body.strip().partition("\n\n")
        notes[name.strip()] = (" ".join(does.split()), " ".join(reason.split()))
    return notes
