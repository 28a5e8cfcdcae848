"""Which rows are restricted as a whole: by what they are of, in the columns that say so.

A table in which every kind of entry, clock and gap must be named; of what it does not name, nothing
is shown to those who may not see what is restricted.  Nor does anything say that it was left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from send_records.store.access import Tier

Rows = Mapping[str, Mapping[str, frozenset[object]]]
"""By view and column, the values that a row must have one of in order to be shown."""


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


UNRESTRICTED_ENTRIES = words("""
    AddedToSendRegister AdjustmentAgreed AdjustmentEnded AnnualReviewCalled AnnualReviewHeld
    AnnualReviewReported AssessmentRecorded AttainmentRecorded ConcernAnswered ConcernClosed
    ConcernDiscussedWithParents ConcernQuestionnaireCompleted ConcernRaised
    ContactWithFamilyRecorded EhcAssessmentRequested EhcPlanAmended EhcPlanCeased EhcPlanIssued
    LaDecisionToAssessReceived LaReviewDecisionReceived MeetingHeld MonitoringEnded
    MonitoringReviewed MonitoringStarted NeedEnded NeedIdentified NeedReranked NoticeGiven
    ObservationRecorded OnePageProfileWritten ParentVoiceRecorded PhaseTransferReviewed
    PlacedInClass PlanAgreed PlanAmended PlanDrafted PlanEnded PlanShared PlanSuperseded
    ProvisionChanged ProvisionEnded ProvisionSessionsLogged ProvisionStarted PupilAdmitted
    PupilDetailsCorrected PupilLeft PupilMoveAccepted PupilMovedAcademy PupilReadmitted
    PupilVoiceRecorded RemovedFromSendRegister ReviewHeld ReviewMissed ReviewScheduled
    SignpostingGiven SupportLevelChanged TargetReviewed TransitionMeetingHeld TransitionPlanned
    YearGroupChanged
""")

RESTRICTED_ENTRIES = words("""
    AgencyAdviceReceived AgencyInvolved AgencyInvolvementEnded AgencyReferred AppealDecided
    AppealDirectionsReceived AppealLodged BundlePrepared BundleServed CircumstancesRecorded
    ClarificationReceived ClarificationSought ComplaintAcknowledged ComplaintAnswered
    ComplaintReceived ContactAmended ContactRecorded ContactRemoved DeadlineExtended
    DisclosureApproved DisclosurePrepared DisclosureReturned DisclosureSent DocumentFiled
    DocumentSuperseded DraftPlanReceived EhcAdviceRequested EhcAdviceSubmitted EhcPlanRefused
    EhcRequestWithdrawn EmergencyAccessReviewed EmergencyAccessTaken EntryCorrected EntryDisputed
    EntryWithdrawn HandoverAcknowledged HandoverSent HealthcarePlanRecorded ItemRedacted
    ItemWithheld ItemsDisclosed LaExceptionClaimed LegalHoldPlaced LegalHoldReleased
    MediationRecorded ParentalAgreementGiven ParentalAgreementRefused ParentalAgreementSought
    ParentalAgreementWithdrawn PersonalDataErased PlacedOnMedicalRegister ProcessingRestricted
    RecordMergedInto RecordsMerged ReducedTimetableAgreed ReducedTimetableEnded
    ReducedTimetableNotified ReducedTimetableReviewed RemovedFromMedicalRegister RequestRefused
    RequesterIdentified RestrictionLifted RetentionClassAssigned SearchRecorded
    SubjectAccessRequested UpnReplaced
""")
"""Health, family, agencies' involvement and advice, disputes, and what was done to the record: also
what puts right, withdraws or disputes another entry, for that may be any of these."""

UNRESTRICTED_CLOCKS = words("""
    adjustment_review annual_review annual_review_advice annual_review_meeting annual_review_notice
    annual_review_report concern_answer ehc_decision_not_to_issue ehc_decision_to_assess
    ehc_final_plan final_amended_plan la_review_decision monitoring_review move_acceptance
    next_review parents_told parents_told_of_level phase_transfer phase_transfer_post_16 plan_review
    profile_review provision_end scheduled_review
""")

RESTRICTED_CLOCKS = words("""
    academy_complaint_acknowledgement agreement_expires annual_agreement appeal_direction
    appeal_response appeal_window complaint_acknowledgement disposal_due draft_plan_views ehc_advice
    emergency_access_dpo emergency_access_ends emergency_access_principal emergency_access_review
    handover_receipt healthcare_plan_review legal_hold_review record_transfer reduced_timetable_end
    reduced_timetable_review subject_access
""")

TOLD_AT_ONCE = words("emergency_access_principal emergency_access_ends")
"""The clocks by which a Principal is told of broken glass: they name nobody."""

UNRESTRICTED_GAPS = words("""
    late_entry level_not_told monitoring_past_review parents_not_told plan_past_review
    review_without_parent_voice review_without_pupil_voice target_not_evaluated
""")

RESTRICTED_GAPS = frozenset({"agreement_missing", "specialist_without_agency"})

UNRESTRICTED_CLASSES = frozenset({"education"})
"""The classes of data (Data Protection Act 2018 Sch 3) that are not restricted."""

UNRESTRICTED: Rows = {
    "chronology": {"event": UNRESTRICTED_ENTRIES, "data_class": UNRESTRICTED_CLASSES},
    "duties": {"clock": UNRESTRICTED_CLOCKS},
    "evidence_gaps": {"kind": UNRESTRICTED_GAPS},
    "concerns_log": {"data_class": UNRESTRICTED_CLASSES},
}

ALL: Rows = {}


def rows_of(tiers: frozenset[Tier]) -> Rows:
    """Return which rows are shown to those who may see these tiers."""
    return ALL if Tier.RESTRICTED in tiers else UNRESTRICTED


def shows_entry(rows: Rows, event: str, data_class: str) -> bool:
    """Whether an entry of a kind and class of data is shown where these rows are."""
    said = {"event": event, "data_class": data_class}
    return all(said[column] in values for column, values in rows.get("chronology", {}).items())
