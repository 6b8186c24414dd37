"""What Twilio's status words and error codes mean in ours.

Twilio warns twice that codes may change, so this is data with a default: a code that is not here is `Fault.UNKNOWN`,
never a suppression. The same code can come in the answer to a request and, later, in a callback.
"""

from collections.abc import Mapping

from channels.errors import ChannelError, Unavailable
from channels.types import EventKind, Fault

KINDS: Mapping[str, EventKind] = {
    "accepted": EventKind.ACCEPTED,
    "scheduled": EventKind.ACCEPTED,
    "queued": EventKind.ACCEPTED,
    "sending": EventKind.ACCEPTED,
    "sent": EventKind.SENT,
    "partially_delivered": EventKind.SENT,  # some of it arrived, which is no proof that the text did
    "delivered": EventKind.DELIVERED,
    "read": EventKind.READ,
    "undelivered": EventKind.UNDELIVERED,
    "failed": EventKind.UNDELIVERED,  # said only of messages that were taken
    "canceled": EventKind.UNDELIVERED,
}

FAULTS: Mapping[str, Fault] = {
    "21211": Fault.ADDRESS_INVALID,
    "21217": Fault.ADDRESS_INVALID,
    "21421": Fault.ADDRESS_INVALID,
    "21614": Fault.ADDRESS_INVALID,  # not a mobile number
    "21635": Fault.ADDRESS_INVALID,  # a landline
    "30005": Fault.ADDRESS_INVALID,  # unknown or inactive handset
    "30006": Fault.ADDRESS_INVALID,  # a landline; seldom an unreachable carrier
    "63003": Fault.ADDRESS_INVALID,
    "63024": Fault.ADDRESS_INVALID,
    "21610": Fault.OPTED_OUT,
    "63014": Fault.OPTED_OUT,
    "63033": Fault.OPTED_OUT,
    "30003": Fault.UNREACHABLE,  # off, roaming or without service
    "30004": Fault.BLOCKED,
    "30450": Fault.BLOCKED,
    "30610": Fault.BLOCKED,
    "30007": Fault.CONTENT_REFUSED,
    "63013": Fault.CONTENT_REFUSED,
    "63026": Fault.CONTENT_REFUSED,
    "13227": Fault.SENDER_REFUSED,
    "21212": Fault.SENDER_REFUSED,
    "21215": Fault.SENDER_REFUSED,
    "21408": Fault.SENDER_REFUSED,
    "21606": Fault.SENDER_REFUSED,
    "21612": Fault.SENDER_REFUSED,
    "30018": Fault.SENDER_REFUSED,
    "30024": Fault.SENDER_REFUSED,
    "30032": Fault.SENDER_REFUSED,
    "30034": Fault.SENDER_REFUSED,
    "63015": Fault.SENDER_REFUSED,
    "21602": Fault.REQUEST_REFUSED,
    "21603": Fault.REQUEST_REFUSED,
    "21604": Fault.REQUEST_REFUSED,
    "21609": Fault.REQUEST_REFUSED,
    "21617": Fault.REQUEST_REFUSED,
    "63016": Fault.REQUEST_REFUSED,
    "63027": Fault.REQUEST_REFUSED,
    "10001": Fault.ACCOUNT_REFUSED,
    "20003": Fault.ACCOUNT_REFUSED,
    "20005": Fault.ACCOUNT_REFUSED,
    "20403": Fault.ACCOUNT_REFUSED,
    "20404": Fault.ACCOUNT_REFUSED,  # the account in the path does not exist
    "30002": Fault.ACCOUNT_REFUSED,
    "20429": Fault.THROTTLED,
    "21611": Fault.THROTTLED,  # ten hours of segments are queued for this sender
    "30001": Fault.THROTTLED,
    "30022": Fault.THROTTLED,
    "30023": Fault.THROTTLED,
    "30027": Fault.THROTTLED,
    "63017": Fault.THROTTLED,
    "63018": Fault.THROTTLED,
    "63032": Fault.THROTTLED,
    "30008": Fault.PROVIDER_FAILURE,
    "30017": Fault.PROVIDER_FAILURE,
    "30036": Fault.PROVIDER_FAILURE,  # the validity period ran out in Twilio's queue
    "30410": Fault.PROVIDER_FAILURE,
    "63009": Fault.PROVIDER_FAILURE,
    "63010": Fault.PROVIDER_FAILURE,
    "63012": Fault.PROVIDER_FAILURE,
}

# An answer whose code says nothing, such as the page of a proxy.
FAULTS_BY_STATUS: Mapping[int, Fault] = {
    401: Fault.ACCOUNT_REFUSED,
    402: Fault.ACCOUNT_REFUSED,
    403: Fault.ACCOUNT_REFUSED,
    404: Fault.ACCOUNT_REFUSED,
}

# What a refused request means for routing. What is not here is `Rejected`, but for `THROTTLED`, which has a type too.
POLICIES: Mapping[Fault, type[ChannelError]] = {
    Fault.ACCOUNT_REFUSED: Unavailable,
    Fault.PROVIDER_FAILURE: Unavailable,
}

# Region not enabled, or this pair of numbers cannot be connected: another provider may well take it.
ANOTHER_MAY_TAKE_IT = frozenset({"13227", "21215", "21408", "21612"})
