"use strict";
(() => {
  const table = document.querySelector("#table table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const value = (row, i) => row.cells[i].dataset.v ?? row.cells[i].textContent;
  const isNumber = heads.map((_, i) => rows.every((row) => row.cells[i].classList.contains("n")));

  const sort = (column) => {
    const up = heads[column].getAttribute("aria-sort") !== "ascending";
    heads.forEach((head, i) => head.setAttribute("aria-sort", i === column ? (up ? "ascending" : "descending") : "none"));
    const compare = (a, b) => {
      const [x, y] = [value(a, column), value(b, column)];
      // Empty cells come last, whichever way.
      if (x === "" || y === "") return (x === "") - (y === "");
      const order = isNumber[column] ? Number(x) - Number(y) : x.localeCompare(y, undefined, { numeric: true });
      return up ? order : -order;
    };
    body.append(...[...rows].sort(compare));
  };
  heads.forEach((head, i) => head.querySelector("button").addEventListener("click", () => sort(i)));

  const input = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += !row.hidden;
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  input.addEventListener("input", filter);
  filter();

  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = () => {
    const lines = [heads.map((head) => head.querySelector("button").textContent)];
    for (const row of body.rows) {
      if (!row.hidden) lines.push(heads.map((_, i) => value(row, i)));
    }
    return lines.map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  };
  const button = document.getElementById("csv");
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
