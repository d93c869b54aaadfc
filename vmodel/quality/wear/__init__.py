"""Wear check: is the draped garment on the body as intended?"""
