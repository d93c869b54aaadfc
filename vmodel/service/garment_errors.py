"""What can go wrong with a seller's garments; the base and its rules stand in ``vmodel.errors``."""

from __future__ import annotations

from vmodel.errors import InputError


class GarmentUnknown(InputError):
    """No such garment of this account; another account's looks just the same from outside."""

    code = "garment_unknown"

    def __init__(self, garment_id: str) -> None:
        super().__init__("There is no such garment; upload it again.")
        self.garment_id = garment_id
