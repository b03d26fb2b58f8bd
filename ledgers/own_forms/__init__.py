"""A bureau's own form (本单位表样): uploaded once as a blank workbook, understood, and filled on export."""
