"""The report of a training run: a page of pictures and numbers that needs nothing but a browser."""
