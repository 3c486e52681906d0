"""Every table. One module per theme; `span` is what lasts."""

from guantong.records.models.activity import Absence, Activity, ActivityHost, Attendance
from guantong.records.models.attachment import Attachment
from guantong.records.models.batch import ImportBatch, ImportRow, ImportSource
from guantong.records.models.case import (
    Call,
    Case,
    CaseHand,
    CaseNote,
    CaseStep,
    CriterionCheck,
    Quota,
    VariantChoice,
)
from guantong.records.models.certificate import HoursCertificate, TrustedIssuer
from guantong.records.models.change import OrgChange
from guantong.records.models.closed_month import ClosedMonth
from guantong.records.models.correction import CorrectionRequest
from guantong.records.models.dues import DuesPayment, DuesRate, DuesRelief
from guantong.records.models.enrolment import Enrolment, Places, SignIn, SignInSheet
from guantong.records.models.event import Event
from guantong.records.models.grant import Grant
from guantong.records.models.job import Job
from guantong.records.models.ledger import Assessment, Entry
from guantong.records.models.meeting import AgendaItem, Detail, FollowUp, JointSide, UnfinishedForm
from guantong.records.models.membership import Membership, Post, Term
from guantong.records.models.merge import Merge
from guantong.records.models.money import BudgetLine, Spending
from guantong.records.models.org import Org, OrgName, OrgParent, OrgSuccession
from guantong.records.models.paper import Paper, PaperTemplate, StoredFile
from guantong.records.models.person import Person
from guantong.records.models.reading import ReadingChoice
from guantong.records.models.reconciling import Discrepancy, Reconciliation
from guantong.records.models.recut import Recut
from guantong.records.models.relation import Document, DocumentCheck, Figure, Relation
from guantong.records.models.reminder import CalendarFeed, Delivery, DigestSubscription
from guantong.records.models.restricted import Restricted
from guantong.records.models.school import PlanWording, School
from guantong.records.models.user import User
from guantong.records.models.whereabouts import ContactMade, TransferLetter, Whereabouts

__all__ = [
    "Absence",
    "Activity",
    "ActivityHost",
    "AgendaItem",
    "Assessment",
    "Attachment",
    "Attendance",
    "BudgetLine",
    "CalendarFeed",
    "Call",
    "Case",
    "CaseHand",
    "CaseNote",
    "CaseStep",
    "ClosedMonth",
    "ContactMade",
    "CorrectionRequest",
    "CriterionCheck",
    "Delivery",
    "Detail",
    "DigestSubscription",
    "Discrepancy",
    "Document",
    "DocumentCheck",
    "DuesPayment",
    "DuesRate",
    "DuesRelief",
    "Enrolment",
    "Entry",
    "Event",
    "Figure",
    "FollowUp",
    "Grant",
    "HoursCertificate",
    "ImportBatch",
    "ImportRow",
    "ImportSource",
    "Job",
    "JointSide",
    "Membership",
    "Merge",
    "Org",
    "OrgChange",
    "OrgName",
    "OrgParent",
    "OrgSuccession",
    "Paper",
    "PaperTemplate",
    "Person",
    "Places",
    "PlanWording",
    "Post",
    "Quota",
    "ReadingChoice",
    "Reconciliation",
    "Recut",
    "Relation",
    "Restricted",
    "School",
    "SignIn",
    "SignInSheet",
    "Spending",
    "StoredFile",
    "Term",
    "TransferLetter",
    "TrustedIssuer",
    "UnfinishedForm",
    "User",
    "VariantChoice",
    "Whereabouts",
]
