"""Tables of shots: reading XLSX, CSV and JSON lines, and a template."""
