"""The tables of the settings that say what is allowed: what may leave this machine, where to, for how much."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, StringConstraints

from b4tui.provenance import Provenance
from b4tui.sections import LimitsConfig, PollConfig, Section

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Weight = Literal["block", "ask", "ignore"]


class ProvenanceConfig(Section):
    """Sources by label (`kind:name`, shell patterns); the most private list that matches wins over what is built in."""

    private: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()
    public: tuple[str, ...] = ()


class AllowedValue(Section):
    """A value the operator calls public, by its SHA-256: the whole value, never a part of one."""

    rule: str = ""
    value_sha256: Sha256
    note: str = ""


class GateConfig(Section):
    """What the gate reads, what it knows of this machine, and what the policy keeps at home.

    Sizes in bytes, `time_budget_s` in seconds for each megabyte or part of one. `rules_file` holds the operator's own
    rules; `unsafe_disable` names built-in rules that are switched off, which is shown for as long as it is so.
    """

    max_payload_bytes: PositiveInt = 2_097_152
    max_decode_depth: PositiveInt = 3
    time_budget_s: PositiveFloat = 0.7
    kept_home: tuple[Provenance, ...] = (Provenance.PRIVATE,)
    private_ip: Weight = "block"
    public_ip: Weight = "block"
    rules_file: str = ""
    unsafe_disable: tuple[str, ...] = ()
    secrets_from: tuple[Literal["environment", "netrc", "dotenv", "kube", "cloud", "docker", "keys"], ...] = (
        "environment",
        "netrc",
        "dotenv",
        "kube",
        "cloud",
        "docker",
        "keys",
    )
    hosts_from: tuple[Literal["ssh", "hosts", "kube", "git"], ...] = ("ssh", "hosts", "kube", "git")
    domains: tuple[str, ...] = ()
    people_file: str = ""
    people_from_git: bool = True
    provenance: ProvenanceConfig = ProvenanceConfig()
    allow: tuple[AllowedValue, ...] = ()


class EscalationConfig(Section):
    """One cloud provider; nothing goes to it but payloads the operator approved. Times in seconds.

    `address` is https alone. The key is read from the environment (`key_env`) or from a file of mode 0600
    (`key_file`). `ca_file` is an authority to trust instead of the system's; `retention` is what the provider says it
    keeps, for the dialog. `total_timeout_s` bounds one exchange with all its tries, however lively it is.
    """

    kind: Literal["anthropic", "openai", "ollama"]
    address: str
    path: str = ""
    model: str
    key_env: str = ""
    key_file: str = ""
    ca_file: str = ""
    max_tokens: PositiveInt = 4096
    retention: str = ""
    connect_timeout_s: PositiveFloat = 10.0
    first_token_timeout_s: PositiveFloat = 120.0
    idle_timeout_s: PositiveFloat = 60.0
    total_timeout_s: PositiveFloat = 600.0


class PriceConfig(Section):
    """What a model costs per million tokens, in `[prices] currency`."""

    input: NonNegativeFloat
    output: NonNegativeFloat
    cached_input: NonNegativeFloat | None = None


class PricesConfig(Section):
    """The price table. A model that is not in it has no known cost; where a money budget holds, it is denied."""

    currency: str = "USD"
    models: dict[str, PriceConfig] = {}


class BudgetConfig(Section):
    """What may be spent in the cloud; 0: no bound. Money in the price table's currency, tokens in and out together."""

    money_per_day: NonNegativeFloat = 0.0
    money_per_month: NonNegativeFloat = 0.0
    tokens_per_day: NonNegativeInt = 0
    tokens_per_month: NonNegativeInt = 0


class EscalationPolicy(Section):
    """Whether and how something may leave. Times in seconds.

    `deadline_s`: how long a question waits for the operator before it expires; `hold_back_s`: how long an approved
    payload of medium or high risk is held back so that it can be undone; `redact_wait_s`: how long an agent waits
    when the gate said `local_only` for what can be redacted (0: it goes on at once). `agent_budgets` maps agents'
    keys to budgets of their own, beside the one of all. `grant_days`, `grant_uses` and `grant_bytes` bound every
    grant: how long it may hold, how often it may be used, how large a payload of it may be.
    """

    local_only: bool = False
    categories: tuple[str, ...] = ("deep_research", "strategic_analysis")
    deadline_s: PositiveFloat = 3600.0
    extend_s: PositiveFloat = 3600.0
    permit_s: PositiveFloat = Field(default=120.0, le=120.0)
    hold_back_s: NonNegativeFloat = 3.0
    undo_s: NonNegativeFloat = 10.0
    redact_wait_s: NonNegativeFloat = 600.0
    quiet_s: PositiveFloat = 0.6
    auto_open: Literal["never", "idle"] = "never"
    grant_days: PositiveInt = Field(default=30, le=36_500)
    grant_uses: PositiveInt = 1_000
    grant_bytes: PositiveInt = 2_097_152
    budget: BudgetConfig = BudgetConfig()
    agent_budgets: dict[str, BudgetConfig] = {}


class PolicyConfig(Section):
    """What is allowed."""

    start_paused: bool = False
    require_attested: bool = True
    smallest_model_bytes: NonNegativeInt = 65_536
    sandbox: Literal["auto", "bubblewrap", "landlock"] = "auto"
    escalation: EscalationPolicy = EscalationPolicy()
    limits: LimitsConfig = LimitsConfig()
    poll: PollConfig = PollConfig()


class LedgerConfig(Section):
    """How long bodies of payloads are kept (days; 0: dropped as soon as they were answered), and whether encrypted."""

    keep_bodies_days: NonNegativeInt = 30
    encrypt_bodies: bool = True
