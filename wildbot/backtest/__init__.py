"""Recordings in virtual time: the live objects against a mirrored market, and what came of it."""
