"""The redline: what is different between two versions, word by word, inside the structure of their text."""
