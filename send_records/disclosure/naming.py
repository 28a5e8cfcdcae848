"""Names in what is held: of whom a text may speak who is neither the pupil, nor who asks, nor
anybody who acts in a role.

It finds too much rather than too little, for a person looks at each: a word that begins with a
capital inside a sentence is a name, unless the record itself uses it otherwise.  In a script that
has no capitals, and at the beginning of a sentence, only names that are known are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from send_records.aggregates.values import Role
from send_records.disclosure.held import Held, HeldEntry
from send_records.disclosure.redaction.words import Phrases, folded

OUTSIDE = frozenset({Role.PARENT, Role.PUPIL})
"""Who records something and acts in no role of the trust's or of a profession."""

_IN_ROLE = "author by class_teacher confirmed_by deliverer professional taught_by"
IN_ROLE = frozenset(_IN_ROLE.split())
"""Fields that name whoever acts in their role (Data Protection Act 2018 Sch 2 para 17)."""

LISTS_IN_ROLE = frozenset({"approved_by", "trained_staff"})

PARTS_IN_ROLE = ("staff", "professional")
"""In what parts those come to a meeting who are there in their role."""

PEOPLE = frozenset({"attendees", "invitees", "invited", "present"})
"""Fields that list people by name."""

_OF_THINGS = (
    "academy agency class_name condition destination edition from_academy home_languages "
    "intervention label language local_authority placement previous_setting norms sections "
    "sen_type setting shared_with sent_to copied_to to to_academy tool nc_year"
)
OF_THINGS = frozenset(_OF_THINGS.split())
"""Fields that name places, tools and conditions, and nobody: what is capital in them is no name."""
NOT_SPOKEN = frozenset({"advice", "citation", "relationship", "rule"})
"""Fields in which nobody speaks of anybody: what a rule says, and how a contact is related."""

_NO_NAMES = """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday english maths mathematics science history
    geography phonics reading writing year phase stage key term autumn spring summer christmas
    easter ramadan eid school academy trust local authority council nhs british bengali polish urdu
    punjabi arabic somali romanian french german spanish turkish chinese welsh irish scottish
    section part plan act code practice regulations gdpr send sen ehc ehcp senco camhs salt head
    teacher class assistant principal mum dad mother father miss mrs sir doctor god lego minecraft
"""
NO_NAMES = frozenset(_NO_NAMES.split())
"""Words that are written with a capital and name nobody."""

_WORD = re.compile("[^\\W\\d_]+(?:['\u2019-][^\\W\\d_]+)*")
_POSSESSIVE = re.compile("['\u2019]s$")
_ENDS = re.compile("(?:^|[.!?:;\u2022\n])\\s*[\"'\u201c\u2018(]*$")
"""What stands before the first word of a sentence."""

BEFORE = 12
"""Characters, of what stands before a word, that tell whether a sentence or a title does."""
_TITLE = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir"})


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody whom the caller knows of: another pupil of the trust."""

    name: str


@dataclass(frozen=True, slots=True)
class Relation:
    """An adult of the pupil's, as the record has them."""

    name: str
    relationship: str
    restriction: str | None


@dataclass(frozen=True)
class Known:
    """Who is who in a record."""

    pupil: frozenset[str]
    """Of the pupil's names, each word."""
    requester: tuple[str, ...]
    contacts: tuple[Relation, ...]
    in_role: frozenset[str]
    """Whole names of those who act in their role."""
    others: tuple[KnownPerson, ...] = ()
    plain: frozenset[str] = field(default_factory=frozenset)
    """Words that name nobody, as this record uses them."""

    @classmethod
    def of(cls, held: Held, requester: Sequence[str], others: Sequence[KnownPerson]) -> Known:
        """Return who is who in what is held."""
        pupil = {held.subject.legal_name}
        in_role: set[str] = set()
        plain: set[str] = set()
        contacts: dict[str, Relation] = {}
        for entry in held.entries:
            if entry.role not in OUTSIDE:
                in_role.add(entry.recorded_by)
            in_role |= set(_present_in_role(entry))
            for path, value in _said(entry):
                name = path.split(".")[-1]
                if name in {"legal_name", "preferred_name"}:
                    pupil.add(value)
                elif _in_role(path):
                    in_role.add(value)
                elif set(path.split(".")) & OF_THINGS:
                    plain |= words_in(value)
            if (relation := _relation(entry)) is not None:
                contacts[folded(relation.name)] = relation
        asks = tuple(requester)
        return cls(
            frozenset(word for name in pupil for word in words_in(name)),
            asks,
            tuple(each for key, each in contacts.items() if key not in set(map(folded, asks))),
            frozenset(map(folded, in_role)),
            tuple(others),
            frozenset(plain) | words_in(held.subject.academy),
        )

    @property
    def known_words(self) -> frozenset[str]:
        """Words of the names of those who are not third parties."""
        asks = (word for name in self.requester for word in words_in(name))
        roles = (word for name in self.in_role for word in words_in(name))
        return self.pupil | frozenset(asks) | frozenset(roles)


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text, as they are compared; of a double name, each half too."""
    whole = [folded(word) for word in _WORD.findall(text)]
    return frozenset(whole).union(*(word.split("-") for word in whole))


def squeezed(text: str) -> str:
    """Return a text's letters and figures alone: what holds a name that is broken or spaced out
    holds it there, so that of a thousand names those that are nowhere are left out at once."""
    return "".join(filter(str.isalnum, folded(text)))


def found_in(names: Iterable[str], text: str) -> list[str]:
    """Return which names stand in a text as whole words, whatever breaks them."""
    letters = squeezed(text)
    some = [name for name in dict.fromkeys(names) if squeezed(name) and squeezed(name) in letters]
    if not some:
        return []
    standing = Phrases(some).stand_in(text)
    return [name for number, name in enumerate(some) if number in standing]


def capital_words(text: str, known: Known) -> list[str]:
    """Return what may be names in a text of somebody nobody knows of: words with a capital inside
    a sentence, those that follow each other as one name; and whatever follows a title."""
    familiar = known.known_words | known.plain | NO_NAMES | _TITLE
    names: list[str] = []
    end = -1
    for word in _WORD.finditer(text):
        name = _POSSESSIVE.sub("", word.group())
        plain = folded(name)
        if not _capital(name) or plain in familiar or plain.removesuffix("s") in familiar:
            continue
        if end >= 0 and text[end : word.start()].isspace():
            names[-1] = f"{names[-1]} {name}"
        elif _inside(text, word.start()) or _two_together(text, word.end(), familiar):
            names.append(name)
        else:
            continue
        end = word.end()
    return [name for name in dict.fromkeys(names) if folded(name) not in known.in_role]


def _inside(text: str, start: int) -> bool:
    """Whether a word stands inside a sentence, or after a title."""
    before = text[max(0, start - BEFORE) : start]
    last = _WORD.findall(before)
    titled = bool(last) and folded(last[-1]) in _TITLE
    return titled or (start > 0 and not _ENDS.search(before if start > BEFORE else f"\n{before}"))


def _two_together(text: str, end: int, familiar: frozenset[str]) -> bool:
    """Whether a word at the beginning of a sentence is followed by another that may be a name."""
    following = _WORD.match(text, end + 1) if text[end : end + 1].isspace() else None
    return (
        following is not None
        and _capital(following.group())
        and folded(following.group()) not in familiar
    )


def _capital(word: str) -> bool:
    return len(word) > 2 and word[0].isupper() and not word.isupper()


def _said(entry: HeldEntry) -> Iterator[tuple[str, str]]:
    for line in entry.lines:
        yield line.path, line.value


def may_name(path: str) -> bool:
    """Whether a field of an entry may name somebody whom nobody knows of."""
    parts = path.split(".")
    if parts[-1] == "name":
        return parts[0] in PEOPLE
    return not (_in_role(path) or set(parts) & (OF_THINGS | NOT_SPOKEN))


def _present_in_role(entry: HeldEntry) -> Iterator[str]:
    for name in PEOPLE:
        people = entry.recorded.get(name)
        for each in people if isinstance(people, list) else ():
            if isinstance(each, dict) and each.get("part") in PARTS_IN_ROLE:
                yield str(each.get("name"))


def _in_role(path: str) -> bool:
    parts = path.split(".")
    return parts[-1] in IN_ROLE or (parts[-1] == "name" and parts[0] in LISTS_IN_ROLE)


def _relation(entry: HeldEntry) -> Relation | None:
    contact = entry.recorded.get("contact")
    if not isinstance(contact, dict) or not isinstance(contact.get("name"), str):
        return None
    restriction = contact.get("restriction")
    return Relation(
        str(contact["name"]),
        str(contact.get("relationship") or "contact"),
        None if restriction is None else str(restriction),
    )
