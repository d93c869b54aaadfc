"""What pipelines of any kind share: how pictures are shown to networks, batches, and being watched."""
