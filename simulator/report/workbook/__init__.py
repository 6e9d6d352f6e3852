"""A run as a workbook whose bills are reckoned by its own formulas; importing parts of it imports XlsxWriter."""
