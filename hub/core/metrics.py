"""What operators watch, in the words of Prometheus. Each process counts for itself."""

from prometheus_client import Counter, Histogram

MESSAGES = Counter("hub_message_status_total", "Messages that reached a status.", ["channel", "status"])
CALLS = Counter("hub_provider_calls_total", "Calls to providers by outcome.", ["provider", "outcome"])
CALL_SECONDS = Histogram("hub_provider_call_seconds", "How long a provider took to answer.", ["provider"])
RECEIPTS = Counter("hub_receipts_total", "Callbacks of providers.", ["provider", "result"])
CLAIMED = Counter("hub_outbox_claimed_total", "Rows of the outbox taken.", ["topic", "lane"])
REQUESTS = Histogram("hub_request_seconds", "How long a request took.", ["method", "route", "status"])
