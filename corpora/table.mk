# Train every model on one text, and compare the quality of their word vectors in a table.
#
#     make -f corpora/table.mk [W2V=.venv/bin/w2v] [W2V_DATA=FOLDER] [OUT=FOLDER] [TEXT=FILE]
#
# The folder W2V_DATA has the text enwiki100m.txt.gz, the analogy questions questions-words.txt, and
# word pairs in similarity/*.tsv. TEXT names another text, such as text8 from corpora/fetch.py.
# It takes about half an hour on two cores. After an interruption the same command continues.

W2V ?= w2v
PYTHON ?= python3
W2V_DATA ?= ../shared/data
OUT ?= demo/table
TEXT ?= $(OUT)/enwiki100m.txt
SHARE ?= 20000000#  bytes of text to train networks on, which take the longest time
SEED ?= 1

PAIRS := ws353 simlex999 mturk287 rg65
SETS := $(PAIRS:%=$(W2V_DATA)/similarity/%.tsv)
QUESTIONS := $(W2V_DATA)/questions-words.txt
MODELS := cbow skipgram ppmi lsa lda pv-dm pv-dbow mlp rnn lstm

.PHONY: table
.DELETE_ON_ERROR:
.SECONDARY:

table: $(OUT)/table.md  ## Print the table.
	@cat $<

$(OUT)/table.md: $(MODELS:%=$(OUT)/%.pairs) $(MODELS:%=$(OUT)/%.analogies)
	$(PYTHON) corpora/table.py $(MODELS:%=$(OUT)/%) > $@
	@printf '\nmlp, rnn and lstm are language models of 20,000 words, trained on %s bytes.\n' '$(SHARE)' >> $@

$(OUT):
	mkdir -p $@

$(OUT)/enwiki100m.txt: $(W2V_DATA)/enwiki100m.txt.gz | $(OUT)
	gzip -dc $< > $@

# The text does not mark where articles end, so each document is 1,000 words, on a line.
$(OUT)/documents.txt: $(TEXT) | $(OUT)
	tr -s ' \n' '\n\n' < $< | awk 'NF { printf "%s%s", $$0, ++n % 1000 ? " " : "\n" }' > $@

$(OUT)/part.txt: $(OUT)/documents.txt
	head -c $(SHARE) $< > $@

TRAIN = $(W2V) train $< -o $@ --seed $(SEED) --resume --model
TERMS := --stopwords english --max-df 0.2
NETWORK := --task lm --max-vocab 20000 --units 100 --samples 1024 --epochs 2

$(OUT)/cbow.safetensors: $(TEXT) | $(OUT)
	$(TRAIN) cbow

$(OUT)/skipgram.safetensors: $(TEXT) | $(OUT)
	$(TRAIN) skipgram

$(OUT)/ppmi.safetensors: $(TEXT) | $(OUT)
	$(TRAIN) ppmi --dim 100

$(OUT)/lsa.safetensors: $(OUT)/documents.txt
	$(TRAIN) lsa --topics 100 $(TERMS)

$(OUT)/lda.safetensors: $(OUT)/documents.txt
	$(TRAIN) lda --topics 100 $(TERMS)

$(OUT)/pv-dm.safetensors: $(OUT)/documents.txt
	$(TRAIN) pv-dm --epochs 5

$(OUT)/pv-dbow.safetensors: $(OUT)/documents.txt
	$(TRAIN) pv-dbow --word-vectors --epochs 5

$(OUT)/mlp.safetensors $(OUT)/rnn.safetensors $(OUT)/lstm.safetensors: $(OUT)/%.safetensors: $(OUT)/part.txt
	$(TRAIN) $* $(NETWORK)

$(OUT)/%.pairs: $(OUT)/%.safetensors
	$(W2V) evaluate similarity $(SETS) -v $< --restrict 30000 --tsv > $@

$(OUT)/%.analogies: $(OUT)/%.safetensors
	$(W2V) evaluate analogies $(QUESTIONS) -v $< --restrict 30000 --tsv > $@
