"""Text to rows of tokens.

    tokenizer = train_tokenizer(texts, vocab_size=512)           # ratchet.corpus.tokenizer
    packed = pack(texts, tokenizer, row_length=128)              # ratchet.corpus.packing
    save_rows(packed.rows, path)

`ratchet.corpus.micro` writes the micro-domain's documents. `tokenizer` needs the
extra `local`; the others do not.
"""
