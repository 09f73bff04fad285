"""`python -m contend`."""

from contend.faces.cli import main

if __name__ == "__main__":
    main()
