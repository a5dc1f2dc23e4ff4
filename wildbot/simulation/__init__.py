"""Simulated exchanges and markets: pure worlds in which the trading code lives as it does outside; no clock, no sockets."""
