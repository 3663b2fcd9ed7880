"""Where programs run: `local` is the jail on this machine."""
