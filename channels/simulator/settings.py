"""What the simulator can be told from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"  # it has no sign-in of its own, so it never listens anywhere else


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything in seconds is a delay that tests shorten."""

    port: int = 8900  # SIMULATOR_PORT
    data_dir: Path = Path("var")  # DATA_DIR; the simulator keeps to its folder `simulator`
    receipt_seconds: float = 0.5  # SIM_RECEIPT_SECONDS: from acceptance to the first receipt
    step_seconds: float = 0.3  # SIM_STEP_SECONDS: from one receipt to the next
    slow_seconds: float = 15.0  # SIM_SLOW_SECONDS: how long an answer takes in an outage of mode `slow`
    retry_after_seconds: int = 1  # SIM_RETRY_AFTER_SECONDS: what a throttled request is told
    timeout_seconds: float = 30.0  # SIM_TIMEOUT_SECONDS: how long a request that gets no answer is held open

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; raises `ValueError` for a number that is none."""
        default = cls()
        return cls(
            port=int(environment.get("SIMULATOR_PORT", default.port)),
            data_dir=Path(environment.get("DATA_DIR", default.data_dir)),
            receipt_seconds=float(environment.get("SIM_RECEIPT_SECONDS", default.receipt_seconds)),
            step_seconds=float(environment.get("SIM_STEP_SECONDS", default.step_seconds)),
            slow_seconds=float(environment.get("SIM_SLOW_SECONDS", default.slow_seconds)),
            retry_after_seconds=int(environment.get("SIM_RETRY_AFTER_SECONDS", default.retry_after_seconds)),
            timeout_seconds=float(environment.get("SIM_TIMEOUT_SECONDS", default.timeout_seconds)),
        )
