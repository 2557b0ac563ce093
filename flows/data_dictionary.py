"""`python -m flows.data_dictionary` writes docs/data_dictionary.md from the contracts and the macros."""

from flows.edge.dictionary import write

if __name__ == "__main__":
    write()
