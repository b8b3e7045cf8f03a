"""From texts to word ids: corpora and documents, tokens, the vocabulary, the encoded text."""
