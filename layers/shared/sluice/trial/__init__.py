"""A trial: two versions answer beside each other, and what came of it decides between them. Pure.

`answers`, `captures`, `ground_truth` and `label_files` read what was kept, `truths` holds the labels; `traffic`,
`quality` and `agreement` say what came out; `decision` says what follows.
"""
