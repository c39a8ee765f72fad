"""What leaves the program: the PDF record, CSV and JSON."""
