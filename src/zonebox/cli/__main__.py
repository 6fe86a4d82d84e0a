"""`python -m zonebox.cli`: the same as `zonebox`."""

from zonebox.cli import main

if __name__ == "__main__":
    main()
