"""What can go wrong with a seller's garments; the base and its rules stand in ``vmodel.errors``."""

from __future__ import annotations

from vmodel.errors import InputError


class GarmentUnknown(InputError):
    """No such garment of this account; another account's looks just the same from outside."""

    code = "garment_unknown"

    def __init__(self, garment_id: str) -> None:
        super().__init__("There is no such garment; upload it again.")
        self.garment_id = garment_id


class GarmentNotUnderstood(InputError):
    """No picture can be made of a garment that was not found in its photo."""

    code = "garment_not_understood"

    def __init__(self, garment_id: str, problem: str) -> None:
        super().__init__(f"The garment was not understood: {problem}")
        self.garment_id = garment_id


class GarmentInUse(InputError):
    """A job still needs the garment's files."""

    code = "garment_in_use"

    def __init__(self, garment_id: str) -> None:
        super().__init__("A job still needs this garment; wait until it has ended, or cancel it.")
        self.garment_id = garment_id
