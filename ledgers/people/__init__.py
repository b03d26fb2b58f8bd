"""Who is the same person: doubts of imports decided, duplicates found, merged, and taken apart again.

`known` says what a user may see of somebody for comparing; `deciding` keeps what an officer answered;
`likely` finds pairs; `merging` makes one of two records, and `steps` notes each change; `unmerging` goes the
steps back.
"""
