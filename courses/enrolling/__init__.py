"""Enrolling: who gets a seat, who decides, how often one may come, and how a class ends."""
