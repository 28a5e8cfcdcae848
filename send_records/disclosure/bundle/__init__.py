"""The tribunal bundle: one PDF whose printed numbers, labels, links and bookmarks agree, and the
check of it before it is sent (HESC Practice Direction No. 1 of 2025).

``making.bundle`` makes it; ``parts`` says what of, and what comes of it.
"""
