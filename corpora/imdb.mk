# Sentiment classification of film reviews by their document vectors (pv-dbow, pv-dm, sif).
#
#     make -f corpora/imdb.mk IMDB=FOLDER [W2V=.venv/bin/w2v] [OUT=FOLDER]
#
# It prints the result of `w2v evaluate classify` for each model. The folder IMDB has the Large Movie
# Review Dataset (Maas et al. 2011, ai.stanford.edu/~amaas/data/sentiment), as
# `python corpora/fetch.py imdb FOLDER` writes it: imdb.train.tsv.gz and imdb.test.tsv.gz, with lines
# of label TAB id TAB text, and imdb.unsup.txt.gz, with a text on each line.

W2V ?= w2v
IMDB ?= ../shared/data
OUT ?= demo/imdb
WORDS := --tokenizer words --lowercase
TRAIN := --min-count 2 --sample 1e-4 --epochs 10 --id-prefix file $(WORDS)
CORPUS := $(OUT)/imdb.train.tsv $(OUT)/imdb.test.tsv $(OUT)/imdb.unsup.txt
MODELS := pv-dbow pv-dm sif

.PHONY: judge
.DELETE_ON_ERROR:

judge: $(MODELS:%=$(OUT)/%.error)
	@tail -n +1 $^

$(OUT)/%: $(IMDB)/%.gz
	mkdir -p $(OUT)
	gzip -dc $< | sed 's/<br \/>/ /g' > $@

$(OUT)/words.safetensors: $(CORPUS)
	cut -f 3- $^ | $(W2V) train - $(WORDS) --min-count 2 --sample 1e-4 -o $@

$(OUT)/pv-dbow.safetensors: $(CORPUS)
	$(W2V) train $^ --model pv-dbow $(TRAIN) -o $@

$(OUT)/pv-dm.safetensors: $(CORPUS)
	$(W2V) train $^ --model pv-dm --window 10 $(TRAIN) -o $@

$(OUT)/sif.safetensors: $(OUT)/words.safetensors $(CORPUS)
	$(W2V) train $(CORPUS) --model sif --init $< --min-count 2 --id-prefix file $(WORDS) -o $@

$(OUT)/%.error: $(OUT)/%.safetensors
	$(W2V) evaluate classify $(OUT)/imdb.train.tsv $(OUT)/imdb.test.tsv --id-prefix file -v $< > $@
