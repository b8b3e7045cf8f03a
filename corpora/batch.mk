# A template for a batch job: train vectors on a text, check their quality, list nearest neighbours.
#
#     make -s -f corpora/batch.mk [TEXT=FILE QUESTIONS=FILE] [OUT=FOLDER] [W2V=.venv/bin/w2v]
#
# TEXT is your text, QUESTIONS are analogy questions for it. Without these the job makes the planted
# corpus and its questions. Each file is made again if a file that it depends on has changed. The job
# prints nothing unless something is wrong. It is robust:
#
# - w2v writes an output file completely or not at all.
# - With --quiet w2v prints errors only, one line each.
# - An exit status other than 0 stops make: 1 training diverged, 2 wrong usage or input, 3 unknown word.
# - After an interruption the same command continues: --resume reads the checkpoint of the training.
#   If the text has changed since the training began, which the file .begun shows, it begins again.
# - `check` fails if the analogy accuracy of the vectors is less than LEAST.

W2V ?= w2v
PYTHON ?= python3
OUT ?= demo/batch
TEXT ?= $(OUT)/planted.txt
QUESTIONS ?= $(OUT)/questions.txt
LEAST ?= 0.9#  lowest analogy accuracy that `check` accepts

.PHONY: all check clean
.DELETE_ON_ERROR:

all: check $(OUT)/neighbours.tsv $(OUT)/vectors.bin

check: $(OUT)/analogies.tsv
	@awk -F '\t' -v least=$(LEAST) '$$2 == "total" { share = $$3 } \
	  END { if (share < least) { print "analogy accuracy " share " is less than LEAST=" least; exit 1 } }' $< >&2

$(OUT)/vectors.safetensors: $(TEXT) | $(OUT)
	@test $@.begun -nt $< || { rm -f $@.checkpoint; touch $@.begun; }
	$(W2V) train $< -o $@ --quiet --resume --dim 50 --epochs 20 --sample 0 --deterministic

$(OUT)/vectors.bin: $(OUT)/vectors.safetensors
	$(W2V) convert $< $@ 2> /dev/null

$(OUT)/analogies.tsv: $(OUT)/vectors.safetensors $(QUESTIONS)
	$(W2V) evaluate analogies $(QUESTIONS) -v $< --tsv > $@

$(OUT)/words.txt: $(TEXT) | $(OUT)
	$(W2V) vocab $< --quiet | sed -n '2,51s/ [0-9]*$$//p' > $@

$(OUT)/neighbours.tsv: $(OUT)/vectors.safetensors $(OUT)/words.txt
	$(W2V) similar --queries $(OUT)/words.txt --verbatim -k 5 -v $< --tsv > $@

$(OUT)/planted.txt: corpora/planted.py | $(OUT)
	$(PYTHON) $< > $@

$(OUT)/questions.txt: corpora/planted.py | $(OUT)
	$(PYTHON) $< --questions > $@

$(OUT):
	mkdir -p $@

clean:
	rm -rf $(OUT)
