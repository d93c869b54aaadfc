"""Drawing of the example flat-lays."""
