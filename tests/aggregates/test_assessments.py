from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from send_records.aggregates.assessments import (
    AreaSeen,
    AssessmentRecorded,
    BandDiffers,
    Informant,
    RecordAssessment,
    Score,
    ScoreOutOfRange,
    ToolHasNoScore,
)
from send_records.aggregates.attainments import (
    AttainmentRecorded,
    ObservationRecorded,
    RecordAttainment,
    RecordObservation,
    ResultNotOnScale,
)
from send_records.aggregates.corrections import CorrectEntry
from send_records.aggregates.needs import (
    EndNeed,
    IdentifyNeed,
    NeedAlreadyIdentified,
    NeedEnded,
    NeedIdentified,
    NeedReranked,
    PrimaryNeedMissing,
    RanksUnchanged,
    RankTaken,
    RerankNeeds,
    SenTypeNotInForce,
)
from send_records.aggregates.values import Area, DataClass
from send_records.errors import Invalid, NotFound
from tests.scenario import IDENTIFY, Scenario, a_pupil, but, on_register

ASSESS = RecordAssessment(
    occurred_on=date(2025, 5, 12),
    tool="SDQ",
    edition="4-17",
    informant=Informant.CLASS_TEACHER,
    scores=(Score(name="total", value=Decimal(19)), Score(name="prosocial", value=Decimal(8))),
    norms="UK 4-17, 2015",
)
READING = RecordAssessment(
    occurred_on=date(2023, 11, 14),
    tool="New Group Reading Test",
    edition="NGRT-C",
    informant=Informant.CLASS_TEACHER,
    scores=(
        Score(
            name="standardised",
            value=Decimal(78),
            low=Decimal(73),
            high=Decimal(84),
            confidence=90,
        ),
    ),
)
ATTAIN = RecordAttainment(
    occurred_on=date(2024, 7, 1), subject="reading", scale="pre-key-stage", result="PK4"
)
OBSERVE = RecordObservation(
    occurred_on=date(2024, 7, 1), setting="Whole-class reading", observed="Copies the next child"
)
SECOND = but(IDENTIFY, sen_type="SLCN", rank=2, areas=(Area.COMMUNICATION,), strengths={})
RERANK = RerankNeeds(occurred_on=date(2024, 1, 8), order=("SLCN", "SPLD"))
END = EndNeed(occurred_on=date(2024, 3, 1), sen_type="SPLD", why="Read at age level since autumn")


def two_needs() -> Scenario:
    return a_pupil().given(IDENTIFY, SECOND)


def test_an_assessment_keeps_its_tool_edition_and_norms() -> None:
    a_pupil().when(ASSESS).then(
        AssessmentRecorded, tool="SDQ", edition="4-17", norms="UK 4-17, 2015"
    )


def test_the_same_assessment_may_be_recorded_again() -> None:
    a_pupil().given(ASSESS).when(ASSESS).then(AssessmentRecorded)


@pytest.mark.parametrize(
    ("name", "value"), [("total", 41), ("total", -1), ("emotional", 11), ("percentile", 100)]
)
def test_a_score_lies_within_the_range_of_its_tool(name: str, value: int) -> None:
    scores = (Score(name=name, value=Decimal(value)),)

    a_pupil().when(but(ASSESS, scores=scores)).refused(ScoreOutOfRange)


@pytest.mark.parametrize("value", [0, 40])
def test_the_ends_of_the_range_are_within_it(value: int) -> None:
    a_pupil().when(but(ASSESS, scores=(Score(name="total", value=Decimal(value)),))).then(
        AssessmentRecorded
    )


def test_the_confidence_band_lies_within_the_range_too() -> None:
    band = READING.scores[0].model_copy(update={"high": Decimal(184)})

    a_pupil().given(READING).when(but(READING, scores=(band,))).refused(ScoreOutOfRange)


def test_a_tool_nobody_listed_is_taken_as_it_comes() -> None:
    strand = Score(name="Organisation of experience", value=Decimal(31))
    boxall = but(ASSESS, tool="Boxall Profile", edition="BP2017", scores=(strand,))

    a_pupil().when(boxall).then(AssessmentRecorded)


def test_attainment_is_kept_in_the_words_of_its_scale() -> None:
    a_pupil().when(ATTAIN).then(AttainmentRecorded, scale="pre-key-stage", result="PK4")


def test_an_observation_may_be_about_health() -> None:
    health = but(OBSERVE, data_class=DataClass.HEALTH)

    a_pupil().when(health).then(ObservationRecorded, data_class=DataClass.HEALTH)


def test_a_need_has_a_type_a_rank_and_the_areas_it_shows_in() -> None:
    identified = (
        a_pupil()
        .when(IDENTIFY)
        .then(
            NeedIdentified,
            sen_type="SPLD",
            label="Specific learning difficulty",
            rank=1,
            areas=(Area.COGNITION,),
        )
    )

    assert identified.pupil.needs["SPLD"].rank == 1


@pytest.mark.parametrize("sen_type", ["PLD", "BESD", "spld", "DS"])
def test_a_type_of_need_is_a_dfe_code_of_its_day(sen_type: str) -> None:
    a_pupil().when(but(IDENTIFY, sen_type=sen_type)).refused(SenTypeNotInForce)


def test_down_syndrome_can_be_recorded_from_january_2025() -> None:
    a_pupil().when(but(IDENTIFY, sen_type="DS", occurred_on=date(2025, 1, 1))).then(NeedIdentified)


def test_a_type_of_need_is_held_once() -> None:
    a_pupil().given(IDENTIFY).when(but(IDENTIFY, rank=2)).refused(NeedAlreadyIdentified)


def test_no_two_needs_have_the_same_rank() -> None:
    a_pupil().given(IDENTIFY).when(but(SECOND, rank=1)).refused(RankTaken)


@pytest.mark.parametrize("rank", [0, 100])
def test_a_rank_is_from_1_to_99(rank: int) -> None:
    a_pupil().when(but(IDENTIFY, rank=rank)).refused(Invalid)


def test_the_needs_change_places() -> None:
    reranked = two_needs().when(RERANK)

    assert [type(event) for event in reranked.decided()] == [NeedReranked, NeedReranked]
    after = two_needs().given(RERANK).pupil.needs
    assert {need.sen_type: need.rank for need in after.values()} == {"SLCN": 1, "SPLD": 2}


def test_an_order_names_every_need_once_and_is_a_new_one() -> None:
    two_needs().given(RERANK).when(RERANK).refused(RanksUnchanged)
    two_needs().when(but(RERANK, order=("SLCN",))).refused(Invalid)
    two_needs().when(but(RERANK, order=("SLCN", "SPLD", "SPLD"))).refused(Invalid)


def test_a_need_ends_once() -> None:
    ended = a_pupil().given(IDENTIFY).when(END).then(NeedEnded, sen_type="SPLD")

    assert ended.pupil.needs == {}
    ended.when(END).refused(NotFound)
    ended.when(IDENTIFY).then(NeedIdentified)


def test_a_pupil_on_the_register_keeps_a_primary_need() -> None:
    on_register().when(END).refused(PrimaryNeedMissing)
    on_register().given(SECOND, RERANK).when(END).then(NeedEnded)


def test_a_need_is_identified_by_a_sendco() -> None:
    assert IdentifyNeed.roles == EndNeed.roles == RerankNeeds.roles


# Tools as data


@pytest.mark.parametrize(
    ("total", "band"),
    [
        ("0", "close to average"),
        ("11", "close to average"),
        ("12", "slightly raised"),
        ("15", "slightly raised"),
        ("16", "high"),
        ("18", "high"),
        ("19", "very high"),
        ("40", "very high"),
    ],
)
def test_a_teachers_score_is_called_what_its_band_is(total: str, band: str) -> None:
    """facts.md 7: the four bands of teachers' answers."""
    scored = but(ASSESS, scores=(Score(name="total", value=Decimal(total)),))
    [recorded] = a_pupil().when(scored).decided()

    assert isinstance(recorded, AssessmentRecorded)
    assert [(each.score, each.label) for each in recorded.bands] == [("total", band)]
    assert recorded.bands[0].citation.startswith("facts.md 7")


@pytest.mark.parametrize(
    "changes",
    [{"informant": Informant.PARENT}, {"edition": "2-4"}, {"tool": "Boxall Profile"}],
)
def test_a_score_that_no_row_names_has_no_band(changes: dict[str, object]) -> None:
    """The bands are one informant's and one edition's, and no other's."""
    [recorded] = a_pupil().when(but(ASSESS, **changes)).decided()

    assert isinstance(recorded, AssessmentRecorded)
    assert recorded.bands == ()


def test_a_value_between_two_bands_has_none() -> None:
    between = but(ASSESS, scores=(Score(name="total", value=Decimal("11.5")),))
    [recorded] = a_pupil().when(between).decided()

    assert isinstance(recorded, AssessmentRecorded)
    assert recorded.bands == ()


SEEN = (AreaSeen(area="persistence", seen="Tries three times"),)


def test_the_engagement_model_is_told_in_words() -> None:
    told = but(ASSESS, tool="Engagement model", edition="2021", scores=())

    a_pupil().when(told).refused(ToolHasNoScore)
    a_pupil().when(but(told, told=SEEN)).then(AssessmentRecorded, scores=(), told=SEEN)
    a_pupil().when(but(told, scores=ASSESS.scores, told=SEEN)).refused(ToolHasNoScore)


def test_any_other_tool_gives_a_score() -> None:
    a_pupil().when(but(ASSESS, scores=())).refused(ToolHasNoScore)


@pytest.mark.parametrize(
    ("scale", "subject", "result", "taken"),
    [
        ("KS2 teacher assessment", "writing", "GDS", True),
        ("KS2 teacher assessment", "science", "GDS", False),
        ("KS2 teacher assessment", "reading", "EXS", False),
        ("KS2 teacher assessment", "reading", "PK4", True),
        ("EYFS Profile", "E09", "2", True),
        ("EYFS Profile", "E09", "3", False),
        ("Phonics screening check", "phonics", "Wt", True),
        ("PIVATS 5", "reading", "P7e", True),
    ],
)
def test_a_result_is_one_of_its_scale(scale: str, subject: str, result: str, taken: bool) -> None:
    """facts.md 7; a scale that no row names is taken as it comes."""
    asked = a_pupil().when(but(ATTAIN, scale=scale, subject=subject, result=result))

    if taken:
        asked.then(AttainmentRecorded, result=result)
    else:
        asked.refused(ResultNotOnScale)


def test_a_correction_that_would_leave_a_band_that_is_not_its_scores_is_refused() -> None:
    scored = a_pupil().given(ASSESS)
    lower = CorrectEntry(
        occurred_on=date(2025, 5, 20),
        entry_version=scored.pupil.version,
        field="scores.0.value",
        from_value="19",
        to_value="12",
        why="Added wrongly",
    )

    scored.when(lower).refused(BandDiffers)
