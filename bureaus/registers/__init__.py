"""Registers (基础资料) in the admin: audited, and brought in and out as tables."""
