// Appended to a report by the test: uses the page as a person does and writes what came of it into the page.
window.addEventListener("load", async () => {
  const said = {};
  const heads = [...document.querySelectorAll("#table th")];
  const column = (name) => heads.findIndex((head) => head.querySelector("button").textContent === name);
  const cells = (name) => [...document.querySelectorAll("#table tbody tr")]
    .filter((row) => !row.hidden)
    .map((row) => row.cells[column(name)].textContent);
  const numbers = (name) => [...document.querySelectorAll("#table tbody tr")]
    .map((row) => Number(row.cells[column(name)].dataset.v));
  const press = (name) => heads[column(name)].querySelector("button").click();
  press("flux_ujy");
  said.ascending = numbers("flux_ujy");
  press("flux_ujy");
  said.descending = numbers("flux_ujy");
  said.sorted = heads[column("flux_ujy")].getAttribute("aria-sort");
  const input = document.getElementById("filter");
  input.value = "f814w a";
  input.value = "F814W";
  input.dispatchEvent(new Event("input"));
  said.filtered = cells("filter");
  said.shown = document.getElementById("shown").textContent;
  let blob;
  const make = URL.createObjectURL;
  URL.createObjectURL = (it) => { blob = it; return make(it); };
  document.getElementById("csv").click();
  said.csv = await blob.text();
  said.images = [...document.images].map((image) => image.complete && image.naturalWidth > 0);
  said.overflow = document.documentElement.scrollWidth > window.innerWidth + 1;
  said.charts = document.querySelectorAll("svg.chart").length;
  const out = document.createElement("script");
  out.type = "application/json";
  out.id = "said";
  out.textContent = JSON.stringify(said);
  document.body.append(out);
});
