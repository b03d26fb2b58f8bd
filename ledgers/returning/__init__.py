"""Gives a bureau its own workbook back, with what is wrong written into it: plain bytes, no Django.

The parts of the workbook are changed as text, so that nothing else in it moves: formulas keep their last
results, pictures, charts and rules stay. `python -m ledgers.returning` does it in a process of its own.
"""
