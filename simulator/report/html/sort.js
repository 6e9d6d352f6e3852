// Tables that are sorted by a column when its heading is pressed.

function sortable(table) {
  for (const [place, head] of [...table.tHead.rows[0].cells].entries()) {
    if (!("sort" in head.dataset)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descends = head.getAttribute("aria-sort") === "ascending";
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descends ? "descending" : "ascending");
      sortBy(table, place, descends);
    });
  }
}

/** Put the rows in order; those that have nothing there are last, whichever way. */
function sortBy(table, place, descends) {
  const body = table.tBodies[0];
  const ordered = [...body.rows].sort((one, other) => {
    const [a, b] = [one, other].map((row) => row.cells[place]);
    const isEmpty = (cell) => ["", "-"].includes(cell.textContent);
    if (isEmpty(a) || isEmpty(b)) return isEmpty(a) - isEmpty(b);
    const numbers = [a, b].map((cell) => Number(cell.dataset.value));
    const order = numbers.some(Number.isNaN) ? a.textContent.localeCompare(b.textContent) : numbers[0] - numbers[1];
    return descends ? -order : order;
  });
  body.append(...ordered);
}

/** Put the rows in the order that they are sorted by once more, as their numbers are others. */
function sortAgain(table) {
  const heads = [...table.tHead.rows[0].cells];
  const place = heads.findIndex((head) => head.hasAttribute("aria-sort"));
  if (place >= 0) sortBy(table, place, heads[place].getAttribute("aria-sort") === "descending");
}

for (const table of document.querySelectorAll("table.sortable")) sortable(table);
for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
