"""The pages of classes, one module for each kind of work."""
