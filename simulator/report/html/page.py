"""A page."""
SCRIPTS = ("numbers.js", "bill.js", "choice.js", "book.js", "page.js")
