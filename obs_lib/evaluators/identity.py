"""Whom a text speaks of, as a class instead of a name, so that what is said counts and not of whom."""

from __future__ import annotations

PEOPLE = "<people>"
YOU = "<you>"

_GROUPS = [
    "women",
    "woman",
    "girls",
    "girl",
    "females",
    "men",
    "man",
    "males",
    "boys",
    "blacks",
    "whites",
    "asian",
    "asians",
    "latino",
    "latinos",
    "latina",
    "hispanics",
    "mexican",
    "mexicans",
    "muslim",
    "muslims",
    "islam",
    "jew",
    "jews",
    "jewish",
    "christian",
    "christians",
    "catholics",
    "hindu",
    "hindus",
    "sikh",
    "sikhs",
    "buddhists",
    "atheists",
    "gay",
    "gays",
    "lesbian",
    "lesbians",
    "bisexual",
    "bisexuals",
    "trans",
    "transgender",
    "transsexual",
    "transsexuals",
    "queer",
    "lgbt",
    "lgbtq",
    "homosexual",
    "homosexuals",
    "nonbinary",
    "immigrant",
    "immigrants",
    "migrant",
    "migrants",
    "refugee",
    "refugees",
    "foreigner",
    "foreigners",
    "disabled",
    "autistic",
    "deaf",
    "elderly",
    "arab",
    "arabs",
    "african",
    "africans",
    "indian",
    "indians",
    "pakistani",
    "pakistanis",
    "chinese",
    "japanese",
    "koreans",
    "poles",
    "turks",
    "roma",
    "gypsies",
    "natives",
    "nigerians",
    "indigenous",
    "feminist",
    "feminists",
    "minorities",
    "minority",
    "cripples",
    "amputees",
]
_BEFORE_PEOPLE = frozenset(
    [
        "black",
        "white",
        "brown",
        "asian",
        "gay",
        "trans",
        "queer",
        "bisexual",
        "disabled",
        "deaf",
        "blind",
        "old",
        "poor",
        "homeless",
        "fat",
        "overweight",
        "jewish",
        "muslim",
        "indigenous",
        "chinese",
        "roma",
        "autistic",
        "transgender",
        "straight",
        "coloured",
        "colored",
    ]
)
_PERSONS = frozenset(
    [
        "people",
        "person",
        "persons",
        "folks",
        "women",
        "men",
        "woman",
        "man",
        "girls",
        "guys",
        "mothers",
        "seekers",
        "users",
        "americans",
    ]
)
_GROUP = frozenset(_GROUPS)
_ADDRESSED = frozenset(["you", "u", "ur", "your", "yours", "yourself", "ya"])


def classed(words: list[str]) -> list[str]:
    """The words with groups of people as `<people>` and whoever is spoken to as `<you>`.

    >>> classed("i like black people and your refugees".split())
    ['i', 'like', '<people>', 'and', '<you>', '<people>']
    """
    found: list[str] = []
    i = 0
    while i < len(words):
        word = words[i]
        pair = i + 1 < len(words) and words[i + 1] in _PERSONS
        if pair and (word in _BEFORE_PEOPLE or word in _GROUP):
            found.append(PEOPLE)
            i += 2
            continue
        found.append(PEOPLE if word in _GROUP else YOU if word in _ADDRESSED else word)
        i += 1
    return found
