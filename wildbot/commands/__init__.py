"""The verbs of the `wildbot` command: one file per question or order a person has.

Rules: a verb resolves settings, asks or starts something, prints, and returns an exit code of `actors.spec`; what it prints
    for people goes through `terminal`, what it prints for programs is one JSON document on standard output.
"""
