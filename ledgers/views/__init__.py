"""The pages of ledgers: imports, progress, registers, exports, home."""
