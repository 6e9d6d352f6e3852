"""Whom a run computes predictions for."""
