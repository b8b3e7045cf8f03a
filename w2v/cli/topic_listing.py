"""The listing of topics that `w2v topics` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from w2v.cli.output import ResultPrinter, printable

if TYPE_CHECKING:
    from w2v.topics.topic_words import TopicWords


@dataclass(frozen=True)
class TopicListing:
    """What is printed about the K topics of a model.

    topics     the topics
    words      the words of the model
    names      the name of each topic, "" for one without a name
    coherence  facts about the coherence of each topic; empty for none
    explained  the share of the squared norm that all topics of an LSA explain; None if unknown
    documents  for each topic, documents and their shares of the topic; None: not printed
    """

    topics: TopicWords
    words: Sequence[str]
    names: Sequence[str]
    coherence: Sequence[dict[str, Any]]
    explained: float | None
    documents: Sequence[Sequence[Mapping[str, Any]]] | None

    def print(self, count: int, results: ResultPrinter) -> None:
        """Print the topics with their first `count` words, the largest topic first."""
        from w2v.topics.topic_words import extreme_words, top_words

        weights = self.topics.weights
        rows = top_words(weights, count)
        is_signed = self.topics.alpha is None
        ends = extreme_words(weights, count) if is_signed else [(top, top[:0]) for top in rows]
        for topic in map(int, self.topics.order()):
            lists = [self._names_of(end.tolist()) for end in ends[topic]][: 1 + is_signed]
            facts = self._facts(topic)
            record = facts | {
                "words": [
                    {"word": self.words[row], "weight": float(weights[row, topic])}
                    for row in rows[topic]
                ]
            }
            lines, fields = _lines(facts, lists), [[*facts.values(), *lists]]
            if self.documents is not None:
                found = self.documents[topic]
                record["documents"] = found
                lines += [f"{each['share']:15.2%}  {printable(each['document'])}" for each in found]
                fields = [[*self._label(topic).values(), *each.values()] for each in found]
            results.print(record, "\n".join(lines), fields)

    def _names_of(self, rows: Sequence[int]) -> str:
        """Return words, separated by blanks."""
        return " ".join(self.words[row] for row in rows)

    def _label(self, topic: int) -> dict[str, Any]:
        """Return the number of a topic, and its name if topics have names."""
        label: dict[str, Any] = {"topic": topic}
        if any(self.names):
            label["name"] = self.names[topic] or None
        return label

    def _facts(self, topic: int) -> dict[str, Any]:
        """Return the facts about a topic."""
        facts = self._label(topic) | {"size": float(self.topics.sizes[topic])}
        if self.topics.alpha is not None:
            facts["alpha"] = float(self.topics.alpha[topic])
        elif self.explained is not None:
            facts["explained"] = facts["size"] * self.explained
        return facts | (self.coherence[topic] if self.coherence else {})


def _lines(facts: Mapping[str, Any], lists: Sequence[str]) -> list[str]:
    """Return the plain lines of a topic: its words, or those of each end that has words."""
    npmi = facts.get("npmi")
    score = "" if "npmi" not in facts else "     -  " if npmi is None else f"{npmi:6.3f}  "
    name = printable(f"{facts['name']}: ") if facts.get("name") else ""
    begin = f"{facts['topic']:5}  {facts['size']:6.2%}  {score}"
    signs = ("+ ", "- ") if len(lists) > 1 else ("",)
    ends = [sign + printable(words) for sign, words in zip(signs, lists, strict=True) if words]
    return [begin + name + "".join(ends[:1]), *(" " * len(begin) + end for end in ends[1:])]
