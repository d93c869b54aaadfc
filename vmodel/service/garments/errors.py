"""Errors of sellers' garments; ``vmodel.errors`` defines the base classes and the meaning of codes."""

from __future__ import annotations

from collections.abc import Iterable

from vmodel.errors import InputError


class GarmentUnknown(InputError):
    """Unknown garment of this account; another account's garment raises the same error."""

    code = "garment_unknown"

    def __init__(self, garment_id: str) -> None:
        super().__init__("There is no such garment; upload it again.")
        self.garment_id = garment_id


class GarmentNotUnderstood(InputError):
    """Garment that was not found in its photo, so that no picture can be made of it."""

    code = "garment_not_understood"

    def __init__(self, garment_id: str, problem: str) -> None:
        super().__init__(f"The garment was not understood: {problem}")
        self.garment_id = garment_id


class GarmentInUse(InputError):
    """Garment whose files a job still needs."""

    code = "garment_in_use"

    def __init__(self, garment_id: str) -> None:
        super().__init__("A job still needs this garment; wait until it has ended, or cancel it.")
        self.garment_id = garment_id


class ColorwayUnknown(InputError):
    """Colourway that the design does not have."""

    code = "colorway_unknown"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        listed = ", ".join(known)
        remedy = f"use one of: {listed}" if listed else "it has its own colours only"
        super().__init__(f"The design has no colourway {name!r}; {remedy}.")


class DesignOnly(InputError):
    """Photo correction for a design that is cut by formula."""

    code = "design_only"

    def __init__(self) -> None:
        super().__init__("This garment is a design; change it at /v1/designs, or on the designer page.")


class StorageFull(InputError):
    """Upload for which the seller's plan has no room."""

    code = "storage_full"

    def __init__(self, megabytes: int, files: int) -> None:
        super().__init__(
            f"Your plan keeps {megabytes} MB in {files} files; delete garments, designs or prints, or ask for a larger "
            "plan."
        )


class UploadInUse(InputError):
    """Uploaded file that a design, garment or job still needs."""

    code = "upload_in_use"

    def __init__(self) -> None:
        super().__init__("A garment, design or job still needs this file; delete that first.")
