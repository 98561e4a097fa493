"""Conditions, status and Events in words. Pure."""
