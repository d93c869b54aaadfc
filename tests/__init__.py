"""Tests of vmodel, and their helpers in ``tests.support``; a package, so that no other ``tests`` is imported."""
