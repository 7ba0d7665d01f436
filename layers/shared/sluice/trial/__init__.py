"""A trial: two versions answer beside each other, and what came of it decides between them. Pure.

`answers`, `captures` and `ground_truth` read what was kept; `traffic`, `quality` and `agreement` say what came out;
`decision` says what follows.
"""
