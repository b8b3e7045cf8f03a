"""Converts text files to word ids: corpora, documents, tokenizers, vocabulary, encoded text."""
