"""`python -m nn`: train on a table of data, predict new rows, look into a trained model."""

import sys

from nn.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
