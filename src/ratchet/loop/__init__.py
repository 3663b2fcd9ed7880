"""The closed loop: propose, run, keep only what is proven, learn from it.

`ratchet.loop.demo` is the loop made small; `selflearning` decides when the student
becomes the teacher; `units` runs a graph of work in processes and journals it.
"""
