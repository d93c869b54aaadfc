"""Client of the REST API: upload a photo, correct what was understood, ask for pictures, watch, download.

with Client("http://127.0.0.1:8000", key) as client:
    garment = client.upload(Path("shirt.jpg"))
    job = client.submit(garment.id, [Shot(model="wm-ines", pose="walking")])
    for picture in client.wait(job.id).pictures:
        client.download(picture, Path("out"))
"""

from vmodel.client.account_models import (
    Account,
    Attestation,
    Call,
    GarmentRights,
    Key,
    NewKey,
    NewWebhook,
    Reservation,
    Verification,
    Webhook,
)
from vmodel.client.api_client import Client
from vmodel.client.models import ApiProblem, Design, Flat, Garment, Job, Model, Pattern, Picture, Print, Shot, Usage
from vmodel.client.webhook_verification import WebhookForged, read_webhook

__all__ = [
    "Account",
    "ApiProblem",
    "Attestation",
    "Call",
    "Client",
    "Design",
    "Flat",
    "Garment",
    "GarmentRights",
    "Job",
    "Key",
    "Model",
    "NewKey",
    "NewWebhook",
    "Pattern",
    "Picture",
    "Print",
    "Reservation",
    "Shot",
    "Usage",
    "Verification",
    "Webhook",
    "WebhookForged",
    "read_webhook",
]
