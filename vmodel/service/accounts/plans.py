"""Plans: prices of pictures in credits, and the limits of sellers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from vmodel.config import Settings
from vmodel.errors import SizeOutOfRange
from vmodel.service.errors import PipelineNotPriced, PlansInvalid, StepsNotOffered, UnknownPlan

OWN_PLANS = Path(__file__).resolve().parent / "plans.yaml"
_Credits = Annotated[int, Field(ge=0, le=10**9)]


class Plan(BaseModel):
    """Free credits and limits of a seller.

    Attributes:
        monthly_credits: free credits of a month.
        concurrent_jobs: jobs that may run at once.
        pictures_a_day: pictures accepted within 24 hours.
        requests_a_minute: requests to the API with all keys of one account.
        storage_mb, stored_files: megabytes and number of photos, prints and drawings kept, with what is drawn of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    monthly_credits: _Credits
    concurrent_jobs: PositiveInt
    pictures_a_day: PositiveInt
    requests_a_minute: PositiveInt
    storage_mb: PositiveInt = 5000
    stored_files: PositiveInt = 10_000


class _Size(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    megapixels: Annotated[float, Field(gt=0)]
    times: PositiveInt


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    pipelines: dict[str, PositiveInt]
    steps: dict[str, dict[PositiveInt, PositiveInt]] = {}
    sizes: Annotated[list[_Size], Field(min_length=1)]
    plans: Annotated[dict[str, Plan], Field(min_length=1)]


@dataclass(frozen=True)
class Plans:
    """All prices and plans of an installation.

    Attributes:
        pipelines: base price of a picture in credits, by pipeline.
        sizes: (most megapixels, factor on the base price), with growing megapixels.
        plans: by name.
        steps: by pipeline, each number of steps that a picture may state and its base price in credits.
    """

    pipelines: dict[str, int]
    sizes: tuple[tuple[float, int], ...]
    plans: dict[str, Plan]
    steps: dict[str, dict[int, int]] = field(default_factory=dict)

    def price_shot(self, pipeline: str, size: tuple[int, int], steps: int | None = None) -> int:
        """Return the price of one picture in credits.

        Args:
            pipeline: its name.
            size: (height, width) in pixels.
            steps: number of denoising steps; None for the pipeline's own.
        Raises:
            PipelineNotPriced: the plans do not name the pipeline.
            StepsNotOffered: the plans do not name the number of steps.
            SizeOutOfRange: the picture is larger than the largest priced size.
        """
        if pipeline not in self.pipelines:
            raise PipelineNotPriced(pipeline, self.pipelines)
        offered = self.steps.get(pipeline, {})
        if steps is not None and steps not in offered:
            raise StepsNotOffered(pipeline, steps, offered)
        base = self.pipelines[pipeline] if steps is None else offered[steps]
        megapixels = size[0] * size[1] / 1e6
        for up_to, times in self.sizes:
            if megapixels <= up_to:
                return base * times
        raise SizeOutOfRange(f"{size[0]}x{size[1]}")

    def plan(self, name: str) -> Plan:
        """Return the plan of this name.

        Raises:
            UnknownPlan: there is none.
        """
        if name not in self.plans:
            raise UnknownPlan(name, self.plans)
        return self.plans[name]


def read_plans(settings: Settings) -> Plans:
    """Read the installation's prices and plans: the file that is set, or the one that comes with vmodel.

    Raises:
        PlansInvalid: the file is absent or not understood.
    """
    path = settings.plans or OWN_PLANS
    try:
        found = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PlansInvalid(str(path), f"cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, RecursionError):
        raise PlansInvalid(str(path), "are not YAML") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PlansInvalid(str(path), f"are wrong at {where or 'the top'} ({first['msg']})") from None
    sizes = tuple((size.megapixels, size.times) for size in found.sizes)
    if list(sizes) != sorted(set(sizes)):
        raise PlansInvalid(str(path), "must list sizes from small to large")
    return Plans(found.pipelines, sizes, found.plans, found.steps)
