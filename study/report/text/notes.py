"""Notes as a page shows them: their first sentences, and the others folded."""

import re

MOST_WORDS = 60

_SENTENCES = re.compile(r"(?:(?<=\.)|(?<=\.\)))\s+(?=[^a-z\s])")


def brief(text: str, most: int = MOST_WORDS) -> tuple[str, str]:
    """The first sentences of a text, fewer than `most` words if the first alone is not longer;
    and those that follow, nothing where there are none."""
    sentences = _SENTENCES.split(text.strip())
    first = sentences[:1]
    for sentence in sentences[1:]:
        if len(" ".join([*first, sentence]).split()) >= most:
            break
        first.append(sentence)
    return " ".join(first), " ".join(sentences[len(first) :])
