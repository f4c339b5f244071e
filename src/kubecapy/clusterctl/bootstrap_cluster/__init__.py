"""The management clusters at either end of a move: embedded in this process, or reached over the network."""
