"""What the exchange's manual leaves open about its engine, as choices with a default."""

import msgspec

STANDARD_PROTECTION_PPM = 50_000


class EngineRules(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of the manual. Source: what clients recorded; where nobody did, the likelier reading is the default.

    `post_only_refuses`: a crossing post-only order is refused at once; else it is accepted, then cancelled.
    `remainder_expires`: what is left of an immediate-or-cancel, fill-or-kill or market order expires; else it is cancelled.
    `edit_counts_fills`: the size of an edit includes what has filled already; else the new order gets all of it.
    `protection_ppm`: a market order goes at most this far beyond the best price.
    `decay_by_second`: order-rate counters fall once a second; else continuously.
    `first_tier_measured`: new accounts pay 0.80 / 0.40 %, as was measured once; else 0.40 / 0.25 %, as published.
    `any_client_id`: a client order id may be any 18 printable characters; else lower case, digits and dashes.
    The three reasons are given with the end of an order; `amend_post_only` refuses an amend.
    """

    post_only_refuses: bool = False
    remainder_expires: bool = False
    edit_counts_fills: bool = True
    protection_ppm: int = STANDARD_PROTECTION_PPM
    decay_by_second: bool = False
    first_tier_measured: bool = False
    any_client_id: bool = False
    self_trade_reason: str = "Self trade prevention"
    remainder_reason: str = "Immediate or cancel remainder"
    kill_reason: str = "Fill or kill order"
    amend_post_only: str = "EOrder:Post only order"
