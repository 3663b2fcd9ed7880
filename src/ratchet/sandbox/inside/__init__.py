"""What runs inside a slot: the zygote, a program's init, the program's own bootstrap.

These files import nothing but the standard library and each other, and by
relative names only: a zygote loads them by path, under another package name,
before it gives up the file system that they lie on. The supervisor imports
`wire` from here too, so that both sides speak one format.
"""
