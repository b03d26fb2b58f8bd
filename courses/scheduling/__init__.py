"""Scheduling: arranging class runs and their sessions, copying them, and seeing what clashes."""
