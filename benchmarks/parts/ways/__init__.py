"""One file per way to a verdict.

Each has `ready(tasks, spec)`: a context manager that gives a function from a
task to whether it passed. What is imported at the top of a file is all that its
driver has loaded when it is asked, besides `driver.py`'s own few modules.
"""
