#!/usr/bin/env python3
"""Print simple Turkish sentences whose words are known: the stem and the topic of each noun form.

    python corpora/turkish.py [--sentences N] [--seed S] > turkish.txt
    python corpora/turkish.py --forms > forms.tsv    # form TAB stem TAB topic, for all noun forms
    python corpora/turkish.py --pairs > pairs.tsv    # for w2v evaluate similarity

Turkish puts into suffixes what English says by words: ev-ler-im-de is "in my houses". The script
has 60 nouns of five topics and 28 verbs, and builds their forms by the rules of the language:

- Vowel harmony: the vowels of a suffix follow the last vowel before them. A stands for a or e, and
  I for ı, i, u or ü: kapı-lar, ev-ler; ev-i, kapı-yı, okul-u, süt-ü.
- D is t after a voiceless consonant, and else d: okul-da, kitap-ta.
- A letter in brackets joins a vowel to a consonant: (y)I is -ı after a consonant and -yı after a
  vowel; (I)m is -ım after a consonant and -m after a vowel.
- Some stems change before a vowel: kitap, kitab-ı; ekmek, ekmeğ-i; burun, burn-u; git-ti, gid-ecek.
  kalp has front vowels in its suffixes (kalb-i, kalp-ler) although its own vowel is a back vowel.

What is simplified: the verb always ends the sentence, in the past or the future; there are no
questions, no clauses, and no "their" among the possessives. The sentences are grammatical, but not
all of them make sense. As in texts of several sources, each twelfth sentence is a headline in
capitals (by the rules of Turkish, i becomes İ and ı becomes I), and each tenth has its accents as
characters of their own (Unicode's form NFD). The same seed gives the same text.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import unicodedata

VOWELS = "aeıioöuü"
HARMONY = {"a": "ı", "ı": "ı", "e": "i", "i": "i", "o": "u", "u": "u", "ö": "ü", "ü": "ü"}
CHANGES = {  # of stems before a vowel
    "mutfak": "mutfağ", "ışık": "ışığ", "çocuk": "çocuğ", "kitap": "kitab", "resim": "resm",
    "ekmek": "ekmeğ", "balık": "balığ", "ıspanak": "ıspanağ", "ilaç": "ilac", "kalp": "kalb",
    "burun": "burn", "ağız": "ağz", "klinik": "kliniğ", "git": "gid",
    "bahset": "bahsed",
}  # fmt: skip
FRONT = {"kalp", "kalb"}
NOUNS = {  # topic: people, things, places
    "ev": ("anne komşu çocuk", "kapı pencere halı masa anahtar ışık", "oda mutfak bahçe"),
    "okul": (
        "öğretmen öğrenci müdür",
        "kitap defter kalem ödev soru resim",
        "okul sınıf kütüphane",
    ),
    "yemek": (
        "aşçı garson müşteri",
        "ekmek çorba balık elma süt ıspanak",
        "lokanta fırın pazar",
    ),
    "deniz": (
        "kaptan balıkçı yolcu",
        "gemi tekne yelken halat dalga çapa",
        "liman ada deniz",
    ),
    "hastane": (
        "doktor hemşire hasta",
        "ilaç yara diş kalp burun ağız",
        "hastane klinik eczane",
    ),
}
VERBS = {  # of each topic, with an object in the accusative
    "ev": "temizle boya aç kapat",
    "okul": "oku yaz anla çiz",
    "yemek": "pişir sat doğra tuzla",
    "deniz": "onar bağla çek gör",
    "hastane": "incele dinle sar iyileştir",
}
CASES = {
    "": "", "acc": "(y)I", "gen": "(n)In", "dat": "(y)A", "loc": "DA", "abl": "DAn", "ins": "(y)lA"
}  # fmt: skip
AFTER_HIS = {
    "": "", "acc": "nI", "gen": "nIn", "dat": "nA", "loc": "nDA", "abl": "nDAn", "ins": "(y)lA"
}  # fmt: skip
OWNERS = {
    "": "", "my": "(I)m", "your": "(I)n", "his": "(s)I", "our": "(I)mIz", "your all": "(I)nIz"
}  # fmt: skip
PAST = {"i": "m", "you": "n", "he": "", "we": "k", "you all": "nIz", "they": "lAr"}
FUTURE = {"i": "Im", "you": "sIn", "he": "", "we": "Iz", "you all": "sInIz", "they": "lAr"}
ADJECTIVES = ["büyük", "küçük", "eski", "yeni", "güzel"]
TIMES = {"past": ["dün", "bu sabah"], "future": ["yarın", "bu akşam"]}


def add(word: str, suffix: str) -> str:
    """A word with a suffix, whose letters A, I, D and (x) are explained above."""
    joined = re.match(r"\((.)\)", suffix)
    if joined:
        suffix = suffix[3:]
        if (joined[1] == "I") != (word[-1] in VOWELS):  # needed between word and suffix
            suffix = joined[1] + suffix
    if suffix[:1] in ("A", "I"):
        word = CHANGES.get(word, word)
    last = "e" if word in FRONT else [letter for letter in word if letter in VOWELS][-1]
    for letter in suffix:
        if letter == "A":
            letter = "a" if last in "aıou" else "e"
        elif letter == "I":
            letter = HARMONY[last]
        elif letter == "D":
            letter = "t" if word[-1] in "fstkçşhp" else "d"
        last = letter if letter in VOWELS else last
        word += letter
    return word


def noun(stem: str, plural: bool = False, owner: str = "", case: str = "") -> str:
    """A form of a noun: noun("ev", True, "my", "loc") is evlerimde, in my houses."""
    word = add(stem, "lAr") if plural else stem
    word = add(word, OWNERS[owner]) if owner else word
    suffix = (AFTER_HIS if owner == "his" else CASES)[case]
    return add(word, suffix) if suffix else word


def verb(stem: str, tense: str, person: str = "he", negative: bool = False) -> str:
    """A form of a verb: verb("oku", "past", "we", True) is okumadık, we did not read."""
    word = add(stem, "mA") if negative else stem
    if tense == "past":
        word = add(word, "DI")
        return add(word, PAST[person]) if PAST[person] else word
    word = add(word, "(y)AcAk")
    suffix = FUTURE[person]
    if suffix.startswith("I"):
        word = word[:-1] + "ğ"
    return add(word, suffix) if suffix else word


def upper(text: str) -> str:
    """A text in capitals, as Turkish writes them: i becomes İ, and ı becomes I."""
    return text.replace("i", "İ").upper()


class Writer:
    """Random sentences."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def stem(self, stems: str) -> str:
        """One of the stems, the first ones more often, as some words of a text are rare."""
        choices = stems.split()
        [stem] = self.rng.choices(choices, [1 / (n + 1) for n in range(len(choices))])
        return stem

    def form(self, stems: str, case: str = "", owned: bool = True) -> str:
        """A random form of one of the stems, in a case."""
        plural = self.rng.random() < 0.35
        owner = self.rng.choice(list(OWNERS)[1:]) if owned and self.rng.random() < 0.5 else ""
        return noun(self.stem(stems), plural, owner, case)

    def action(self, stems: str, persons: str) -> tuple[str, str]:
        """A time, and a random form of one of the verbs."""
        tense = self.rng.choice(["past", "future"])
        person = self.rng.choice(persons.split())
        word = verb(self.rng.choice(stems.split()), tense, person, self.rng.random() < 0.2)
        return self.rng.choice(TIMES[tense]), word

    def words(self) -> list[str]:
        """A random sentence as a list of words."""
        topic, (people, things, places) = self.rng.choice(list(NOUNS.items()))
        kind = self.rng.randrange(8)
        if kind < 2:  # dün öğretmenimiz okulda kitapları okudu
            time, word = self.action(VERBS[topic], "he")
            place = self.form(places, self.rng.choice(["loc", "abl"]))
            return [time, self.form(people), place, self.form(things, "acc"), word]
        if kind == 2:  # öğretmenlerin kitabını yarın okuyacağız
            time, word = self.action(VERBS[topic], "i we")
            owner = self.form(self.rng.choice([people, things, places]), "gen")
            thing = noun(self.stem(things), self.rng.random() < 0.3, "his", "acc")
            return [owner, thing, time, word]
        if kind == 3:  # sınıfımızda yeni kitaplar var
            thing = noun(self.stem(things), True)
            there = self.rng.choice(["var", "yok"])
            return [
                self.form(self.rng.choice([places, things]), "loc"),
                self.rng.choice(ADJECTIVES),
                thing,
                there,
            ]
        if kind == 4:  # kitabımı okula götürdüm
            case, stem = self.rng.choice([("dat", "götür"), ("abl", "getir"), ("loc", "bırak")])
            time, word = self.action(stem, "i we")
            return [self.form(things, "acc"), time, self.form(places, case), word]
        if kind == 5:  # kalemi öğretmene verdik
            time, word = self.action("ver", "i we")
            return [self.form(things, "acc"), time, self.form(people, "dat"), word]
        any_noun = self.rng.choice([people, things, places])
        if kind == 6:  # dün okulda kitaplarımızdan bahsettik
            case, stem = self.rng.choice([("abl", "bahset"), ("dat", "bak")])
            time, word = self.action(stem, "i we")
            return [time, self.form(places, "loc"), self.form(any_noun, case), word]
        case, stem = self.rng.choice([("dat", "git"), ("loc", "konuş")])
        time, word = self.action(stem, "i we")  # öğretmenimle okula gittik
        return [time, self.form(people, "ins"), self.form(places, case), word]

    def sentence(self, number: int) -> str:
        """A sentence as it is written, with a capital and a full stop."""
        text = " ".join(self.words())
        text = upper(text) if number % 12 == 0 else upper(text[0]) + text[1:] + "."
        return unicodedata.normalize("NFD", text) if number % 10 == 0 else text


def forms() -> list[tuple[str, str, str]]:
    """All forms of all nouns, with stems and topics; forms with two meanings are listed once."""
    found = {
        (noun(stem, plural, owner, case), stem, topic): None
        for topic, roles in NOUNS.items()
        for stem in " ".join(roles).split()
        for plural in (False, True)
        for owner in OWNERS
        for case in CASES
    }
    return list(found)


def pairs(count: int = 300) -> list[tuple[str, str, int]]:
    """Random pairs of noun forms: score 2 for the same stem, 1 for the same topic, else 0."""
    rng = random.Random(0)
    known = forms()
    found = []
    for number in range(count):
        a = rng.choice(known)
        score = 2 - number % 3
        fitting = [b for b in known if b[0] != a[0] and (b[1] == a[1]) + (b[2] == a[2]) == score]
        found.append((a[0], rng.choice(fitting)[0], score))
    return found


def main() -> None:
    """Print the sentences, the forms or the pairs."""
    parser = argparse.ArgumentParser(description="Print simple Turkish sentences.")
    parser.add_argument(
        "--sentences", type=int, default=6000, help="Number of sentences. Default: 6000."
    )
    parser.add_argument("--seed", type=int, default=1, help="Seed of the random text. Default: 1.")
    parser.add_argument(
        "--forms", action="store_true", help="Print all forms of the nouns, stems and topics."
    )
    parser.add_argument(
        "--pairs", action="store_true", help="Print scored word pairs instead of the text."
    )
    args = parser.parse_args()
    if args.forms or args.pairs:
        lines = ["\t".join(map(str, row)) for row in (forms() if args.forms else pairs())]
    else:
        writer = Writer(args.seed)
        lines = [writer.sentence(number) for number in range(args.sentences)]
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())


if __name__ == "__main__":
    main()
