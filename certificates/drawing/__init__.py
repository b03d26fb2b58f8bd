"""Draws certificates: a layout and values in, a PDF or a picture out. It knows no model and no view."""
