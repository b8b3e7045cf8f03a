# A batch job: vectors of a text, a judgement and answers, each made anew where something before it
# has changed, and silent unless something is wrong.
#
#     make -s -f corpora/batch.mk [TEXT=FILE] [OUT=FOLDER] [W2V=.venv/bin/w2v]
#
# Take it as a beginning for your own. Here TEXT is the planted corpus, which is made first.
# What keeps it sound: w2v writes files whole or not at all; --quiet leaves errors, one line each;
# its exit status stops make (2 a mistake, 3 a word that is not there, 1 a run that diverged); after
# a stop --resume goes on where training was; `check` fails a job whose vectors are no good.

W2V ?= w2v
PYTHON ?= python3
OUT ?= demo/batch
TEXT ?= $(OUT)/planted.txt
QUESTIONS ?= $(OUT)/questions.txt
LEAST ?= 0.9#  share of the questions that must be answered rightly

.PHONY: all check clean
.DELETE_ON_ERROR:

all: check $(OUT)/neighbours.tsv $(OUT)/vectors.bin

check: $(OUT)/analogies.tsv
	@awk -F '\t' -v least=$(LEAST) '$$2 == "total" { share = $$3 } \
	  END { if (share < least) { print "analogies: " share " is less than " least; exit 1 } }' $< >&2

$(OUT)/vectors.safetensors: $(TEXT) | $(OUT)
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
