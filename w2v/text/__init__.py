"""From text files to word ids: corpora and documents, tokenizers, vocabulary, encoded text."""
