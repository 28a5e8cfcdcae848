"""How sensitive each field of each answer is: one table, in which every field must be named.

What the table does not name is shown to nobody who may not see what is restricted.  The tiers are
those of ``security.md``: T1 who and where a pupil is, T2 what they are given, T3 how they learn and
what was noticed, T4 health, family circumstances, agencies and disputes.
"""

from __future__ import annotations

from collections.abc import Mapping

from send_records.store.access import Tier

T0, T1, T2, T3, T4, T5, T6 = Tier

Fields = Mapping[Tier, str]

OFTEN: dict[str, Fields] = {
    "RegisterRow": {
        # The version is what every entry must name (If-Match), and counts those not shown as well.
        T1: "pupil_id legal_name preferred_name academy nc_year version status sen_provision "
        "primary_need areas class_teacher left_on corrected",
        T2: "date_of_birth upn needs monitored_since added_on parents_informed_on level_since "
        "removed_on last_review_on next_review_on eal",
        T3: "added_because removal_criterion",
        T4: "agencies pupil_premium looked_after previously_looked_after service_child "
        "young_carer disability",
    },
    "NeedRow": {T2: "sen_type label rank areas since"},
    "Whose": {T1: "legal_name preferred_name academy nc_year left_on"},
    "ChronologyRow": {
        T3: "position pupil_id entry_id event phase occurred_on recorded_at days_late recorded_by "
        "role academy detail reason data_class origin corrected withdrawn disputed restricted",
        T4: "version",  # by which it would show that an entry is left out
    },
    "DutyRow": {
        T2: "duty_id pupil_id academy clock state due_on started_on started_event counted_from "
        "done_on late paused_since estimate window role acts rule_id what until citation corrected",
        T4: "started_version about",
    },
    "TargetRow": {
        T2: "target_id pupil_id plan_id plan_kind plan_version place area due_on review_on "
        "written_on position ref text baseline success expected_impact outcome_ref agreed_on "
        "amended_on superseded_on ended_on outcome reviewed_on open corrected",
        T3: "evidence",
    },
    "ProvisionRow": {
        T2: "provision_id pupil_id tier area plan_id going_on started_on planned_to ended_on "
        "planned_sessions planned_minutes last_logged_on delivered_sessions delivered_minutes "
        "attended_sessions intervention target section_f_ref deliverer group_size corrected",
        T3: "impact_rating entry_data exit_data impact why_ended",
        T4: "funding_element planned_cost_pence delivered_cost_pence",
    },
    "ConcernRow": {
        T3: "concern_id pupil_id raised_on noticed_on areas raised_role position raised_by "
        "description discussed_on parent_comment questionnaire_on answered_on days_to_answer "
        "decided_on decision why closed_on outcome corrected",
        T4: "data_class",
    },
    "AgreementRow": {
        T3: "agreement_id pupil_id purpose outcome position sought_on answered_on expires_on "
        "ended_on corrected",
        T4: "agency answered_by why scope",
    },
    "MedicalRow": {  # what a class teacher must know in order to keep a pupil safe
        T3: "place_id pupil_id on_register placed_on emergency trained_staff "
        "next_review_on corrected",
        T4: "removed_on plan_recorded_on condition diagnosed detail medication why_removed",
    },
    "GapRow": {T2: "gap_id pupil_id kind from_on closed_on started_by days target basis corrected"},
    "RetentionRow": {
        T4: "pupil_id legal_name date_of_birth academy left_on record_class earliest_disposal_on "
        "earliest_disposal_year rule_id rule_years rule_leap_day rule_citation advised_until "
        "advice_years advice_leap_day advice_citation holds held corrected",
    },
    "HoldRow": {T4: "hold_id kind reference placed_on review_on"},
    "DocumentRow": {
        T4: "document_id kind title author dated filed_on filed_by media_type size sha256 "
        "data_class origin superseded_by",
    },
    "EmergencyAccessRow": {
        T5: "access_id pupil_id taken_by taken_by_id role academy taken_at until reason review"
    },
    "EmergencyReview": {T5: "reviewed_by role reviewed_at finding explanation"},
}
"""Rows of lists."""

OF_ONE: dict[str, Fields] = {
    "Lag": {T3: "first_noticed_on first_recorded_on known version"},
    "Known": {T3: "known_by noticed_on entry detail followed before not_on_record"},
    "Followed": {T3: "step entry days_from_noticing days_from_recording"},
    "Before": {T3: "step entry"},
    "EntryNamed": {
        T3: "event occurred_on recorded_on days_late role corrected",
        T4: "version",
    },
    "PlansNow": {T2: "version in_force draft last_review_on"},
    "PlanNow": {
        T2: "plan_id kind version drafted_on written_on review_on review_due_on class_teacher "
        "targets agreed_on pupil_agreed corrected",
        T3: "agreed_with shared",
    },
    "TargetNow": {
        T2: "ref text area baseline success due_on expected_impact strategies outcome_ref outcome "
        "reviewed_on",
        T3: "evidence",
    },
    "SharedWith": {T3: "on shared_with how"},
    "EntryStory": {
        T4: "recorded reads corrections withdrawals disputes restrictions restricted relied_on "
        "exports",
    },
    "Reliance": {T4: "version event occurred_on because recipients"},
    "Export": {T4: "recorded_at name role what purpose"},
    "DifferencesOfPupil": {T3: "changed came gone meta"},
    "RegisterDifference": {T1: "pupil_id legal_name what changed"},
    "Change": {T1: "from to"},
    "UploadedContent": {T1: "content_id media_type size sha256"},
    "JobShown": {  # to whoever asked for it, and who sees what is restricted: to nobody else
        T1: "job_id pupil_id kind state stage done total percent asked_by asked_at ended_at "
        "expires_at result problem",
    },
    "JobProblem": {T1: "title detail basis"},
    "DisclosureRow": {
        T4: "preparation_id purpose state why_void request_id appeal_id reference prepared_on "
        "prepared_by position as_of known_on sha256 size pages entries documents withheld redacted "
        "breaches approved_on approved_by returned_because sent_on sent_to how",
    },
    "BreachShown": {T4: "code detail why"},
    "ItemShown": {
        T4: "item title kind day data_class origin by says lines marks pages suggestions decision "
        "elsewhere",
    },
    "ItemRef": {T4: "entry document_id"},
    "LineShown": {T4: "path label value"},
    "SuggestionShown": {T4: "code ground why phrases"},
    "DecisionShown": {T4: "fate takings by on"},
    "TakingShown": {T4: "ground why on_schedule phrases fields areas"},
    "ElsewhereShown": {T4: "phrase times stands_in"},
}
"""Answers about one pupil, and their parts."""

OF_NOBODY: dict[str, Fields] = {
    "CaseloadRow": {T0: "of pupils"},
    "ActivityRow": {T0: "role academy event month day events entries late"},
    "AccessRow": {
        T5: "position recorded_at request_id actor_id name role academy act what tier purpose "
        "outcome"
    },
    "RoleShown": {
        T6: "role kind academies classes years pupils from_on until_on grant_id person_id name "
        "until_at",
    },
    "GrantShown": {T6: "role kind academies classes years pupils from_on until_on grant_id"},
    "ProposalShown": {
        T6: "role kind academies classes years pupils from_on until_on proposal_id name "
        "proposed_by proposed_on",
    },
    "RolesOfPerson": {T6: "person_id name left_on proposals grants"},
    "RecordReader": {T5: "name role academy what why on times"},
    "Anomaly": {T5: "kind actor_id name role academy from_at until_at pupils times what"},
}
"""Answers about what people did, may do, or how many there are."""

TIERS: Mapping[str, Mapping[str, Tier]] = {
    kind: {name: tier for tier, names in fields.items() for name in names.split()}
    for kind, fields in (OFTEN | OF_ONE | OF_NOBODY).items()
}

AROUND: Mapping[str, frozenset[str]] = {
    "Listing": frozenset({"data", "meta"}),
    "ListingAtAnyTime": frozenset({"data", "meta"}),
    "Found": frozenset({"data"}),
    "CaseloadCount": frozenset({"data", "meta"}),
    "ActivityCount": frozenset({"data", "meta"}),
    "DifferencesOfRegister": frozenset({"data", "meta"}),
    "Meta": frozenset({"next"}),
    "MetaThen": frozenset({"as_of", "known_at", "position", "next"}),
    "When": frozenset({"as_of", "known_at", "position"}),
    "Moments": frozenset({"from", "to"}),
    "MomentsOfPage": frozenset({"from", "to", "next"}),
    "Counted": frozenset({"pupils", "suppressed"}),
    "CountedThen": frozenset({"as_of", "known_at", "position", "pupils", "suppressed"}),
    "ActivityCounted": frozenset({"events"}),
    "Calendars": frozenset({"data"}),
    "CalendarMade": frozenset({"calendar", "path"}),
    "CalendarOf": frozenset({"feed_id", "made_by", "academy", "role", "made_at", "ended_at"}),
}
"""What is around the rows, and tells of no pupil: whoever may ask is shown it."""

NAMED_FIELDS: Mapping[str, str] = {"changed": "RegisterRow"}
"""Fields that are objects whose own names are fields of another kind of row."""


def tier_of(kind: str, field: str) -> Tier:
    """Return how sensitive a field is; what is not named is restricted."""
    return TIERS.get(kind, {}).get(field, T4)
