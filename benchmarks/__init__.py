"""What the README's figures are measured with: ``python -m benchmarks`` prints a Markdown table.

Nothing is stored: what is measured is simulated.
"""

import os

os.environ["PREDCOST_OUTCOMES"] = "off"
