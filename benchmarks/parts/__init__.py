"""What the scripts of this folder are made of.

For `sandbox.py`: `tasks.py` reads the work; `driver.py` is a thin process, one for
each way, that does the work when it is told to; `ways/` holds one file per way;
`driving.py` is the other end of its pipes; `tables.py` turns seconds into rates,
ratios and bars. For `soak.py`: `programs.py` makes programs of every kind,
`census.py` counts what they could leave behind. `trees.py` counts the CPU time and
memory of a whole tree of processes.
"""
