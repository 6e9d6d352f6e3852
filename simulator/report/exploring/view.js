// The explorer's page. It asks for what it shows and keeps nothing: a notebook has no state of it to save.

const SETTLED_MS = 350; // so long nobody has moved
const SVG = "http://www.w3.org/2000/svg";
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab would take arrows and Enter for itself
const ROW = 34, BAR = 16, NARROW = 460, NAMES = 0.45, LETTER = 7.5;

function make(name, attributes = {}, ...children) {
  const is_svg = ["svg", "g", "rect", "line", "text", "title", "desc", "pattern", "path", "defs"].includes(name);
  const made = is_svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

let pages = 0;

class Page {
  constructor(model, el) {
    this.model = model;
    this.id = `predcost-${++pages}`;
    this.sliders = [];
    this.look = null;
    this.waiting = null; // the last move that was not sent yet
    this.answers_due = 0; // moves that are on their way
    this.build(el);
    this.hear = (content) => this.heard(content);
    model.on("msg:custom", this.hear);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.picture);
    model.send({ kind: "hello" });
  }

  build(el) {
    this.verdict = make("p", { class: "verdict", role: "status", "aria-live": "polite" }, "Closed forms are under way …");
    this.stage = make("p", { class: "stage" });
    this.inputs = make("fieldset", { class: "inputs" }, make("legend", {}, "Inputs"));
    this.picture = make("div", { class: "picture" });
    this.table = make("div", { class: "figures", tabindex: "0", role: "region", "aria-label": "Figures by plan", ...OWN_KEYS });
    this.fault = make("p", { class: "fault", role: "alert" });
    this.about = make("p", { class: "about" });
    this.bar = make("progress", { max: 1, "aria-label": "Simulation" });
    this.doing = make("span", { class: "doing" });
    this.stop = this.button("Stop", "stop");
    this.all = this.button("", "all");
    this.under_way = make("div", { class: "under-way", hidden: true }, this.doing, this.bar, this.stop);
    this.copied = make("output", { class: "copied" });
    this.text = make("textarea", { class: "text", readonly: true, hidden: true, rows: 4, "aria-label": "Copied text", ...OWN_KEYS });
    const buttons = make(
      "div", { class: "buttons" }, this.button("Reset", "reset"), this.button("Copy as command", "command"),
      this.button("Copy as YAML", "yaml"), this.all, this.copied,
    );
    const answer = make("div", { class: "answer" }, this.picture, this.table);
    this.root = make(
      "section", { class: "predcost-explorer", "aria-label": "Explorer" }, this.verdict, this.stage, this.fault,
      make("div", { class: "sides" }, this.inputs, answer), this.about, this.under_way, buttons, this.text,
    );
    el.append(this.root);
  }

  button(label, kind) {
    const made = make("button", { type: "button", ...OWN_KEYS }, label);
    made.addEventListener("click", () => {
      this.flush();
      this.model.send({ kind });
    });
    return made;
  }

  heard(content) {
    if (content.kind === "inputs") this.show_inputs(content);
    if (content.kind === "look") this.show(content);
    if (content.kind === "progress") this.show_progress(content);
    if (content.kind === "copy") this.copy(content);
  }

  show_inputs({ inputs, heads }) {
    this.heads = heads;
    this.sliders = inputs.map((input, number) => this.slider(input, number));
    this.inputs.replaceChildren(make("legend", {}, "Inputs"), ...this.sliders.map((each) => each.row));
  }

  slider(input, number) {
    const id = `${this.id}-${number}`;
    const range = make("input", { type: "range", id, min: 0, max: input.texts.length - 1, step: 1, value: input.start, ...OWN_KEYS });
    const value = make("output", { for: id });
    const was = make("span", { class: "was" });
    const note = `${input.key}${input.plans ? ` · ${input.plans}` : ""}${input.simulates ? "" : " · billed anew at once"}`;
    const label = make("label", { for: id }, input.label);
    const row = make("div", { class: "input" }, label, value, range, make("small", {}, make("code", {}, note), was));
    const slider = { input, range, value, was, row };
    range.addEventListener("input", () => this.move(number, Number(range.value)));
    range.addEventListener("change", () => this.settle_soon());
    this.write(slider);
    return slider;
  }

  write({ input, range, value, was }) {
    const text = input.texts[Number(range.value)];
    value.textContent = text;
    range.setAttribute("aria-valuetext", text);
    was.textContent = Number(range.value) === input.start ? "" : ` was ${input.texts[input.start]}`;
  }

  move(number, place) {
    this.write(this.sliders[number]);
    this.waiting = { kind: "move", number, place };
    if (this.answers_due === 0) this.flush();
    this.settle_soon();
  }

  flush() {
    if (this.waiting === null) return;
    this.model.send(this.waiting);
    this.waiting = null;
    this.answers_due += 1;
    this.root.setAttribute("aria-busy", "true");
  }

  settle_soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.flush();
      this.model.send({ kind: "settle" });
    }, SETTLED_MS);
  }

  show(look) {
    this.answers_due = Math.max(this.answers_due - 1, 0);
    if (this.waiting !== null) this.flush();
    const is_moving = this.waiting !== null || this.answers_due > 0;
    this.look = look;
    this.verdict.textContent = look.verdict;
    this.stage.textContent = `${look.stage_words} · answered in ${look.took_ms} ms`;
    this.stage.dataset.stage = look.stage;
    this.fault.textContent = look.fault;
    this.about.textContent = look.about_simulation;
    this.all.hidden = look.all_takes === "";
    this.all.textContent = look.all_takes;
    if (!is_moving) {
      this.root.removeAttribute("aria-busy");
      this.sliders.forEach((slider, number) => {
        if (document.activeElement === slider.range && !look.fault) return;
        slider.range.value = look.places[number];
        this.write(slider);
      });
    }
    this.show_progress(look);
    this.show_table(look);
    this.draw();
  }

  show_progress({ doing, progress }) {
    this.under_way.hidden = doing === "";
    this.bar.hidden = this.stop.hidden = progress === null;
    this.doing.textContent = progress === null ? doing : `${doing}: ${Math.round(progress * 100)} %`;
    this.bar.value = progress === null ? 0 : progress;
  }

  show_table({ plans }) {
    const head = make("tr", {}, make("th", { scope: "col" }, "plan"), ...this.heads.map((text) => make("th", { scope: "col" }, text)));
    const rows = plans.map((plan) => {
      const name = make("th", { scope: "row", title: plan.whole_name }, plan.name);
      const cells = plan.cells.map((text) => this.cell(text, plan.why));
      return make("tr", { class: plan.is_best ? "best" : null }, name, ...cells);
    });
    const legend = "~ approximate, ? not known by closed form, - does not apply";
    this.table.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)), make("small", {}, legend));
  }

  cell(text, why) {
    const [mean, within] = text.split(" ± ");
    const interval = within === undefined ? null : make("small", {}, `± ${within}`);
    return make("td", { title: text === "?" ? why : null }, mean, interval);
  }

  draw() {
    if (this.look === null) return;
    const { plans, stage } = this.look;
    const width = Math.max(this.picture.clientWidth, 280);
    const is_narrow = width < NARROW;
    const longest = Math.max(...plans.map((plan) => plan.name.length));
    const left = is_narrow ? 0 : Math.round(Math.min(longest * LETTER + 14, width * NAMES));
    const row = is_narrow ? ROW + 16 : ROW;
    const room = width - left - 8 - LETTER * Math.max(...plans.map((plan) => plan.cells[0].length + 3));
    const most = Math.max(...plans.map((plan) => Math.max(plan.usd ?? 0, plan.high ?? 0)), 1e-9);
    const height = plans.length * row;
    const title = "Cost per month by plan";
    const said = plans.map((plan) => `${plan.whole_name}: ${plan.cells[0]}`).join("; ");
    const picture = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}. ${said}` });
    const patterns = make("defs");
    picture.append(make("title", {}, title), patterns);
    plans.forEach((plan, place) => {
      patterns.append(this.slants(plan, place));
      picture.append(...this.bars(plan, place, { left, room, most, row, is_narrow, is_simulated: stage === "simulated" }));
    });
    const drawn = stage === "simulated" ? "solid: simulated, with 95 % interval" : "slanting lines: closed form";
    const legend = make("small", {}, `${title}; ${drawn}; hollow: spent on what nobody reads`);
    this.picture.replaceChildren(picture, legend);
  }

  slants(plan, place) {
    const pattern = { id: `${this.id}-slant-${place}`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
    return make("pattern", pattern, make("rect", { width: 3.5, height: 6, class: "mark", style: colours(plan) }));
  }

  bars(plan, place, { left, room, most, row, is_narrow, is_simulated }) {
    const top = place * row + (is_narrow ? 22 : 8);
    const name_at = is_narrow ? { x: 0, y: top - 6 } : { x: left - 10, y: top + BAR - 3, "text-anchor": "end" };
    const name = make("text", { ...name_at, class: plan.is_best ? "name best" : "name" }, plan.name);
    name.append(make("title", {}, plan.whole_name));
    if (plan.usd === null) {
      const why = make("text", { x: left, y: top + BAR - 3, class: "amount" }, "? no closed form");
      why.append(make("title", {}, plan.why));
      return [name, why];
    }
    const length = (usd) => (usd / most) * room;
    const unread = Math.min(plan.unread_usd, plan.usd);
    const fill = is_simulated ? null : `url(#${this.id}-slant-${place})`;
    const read = { x: left, y: top, width: Math.max(length(plan.usd - unread), 0.5), height: BAR, class: "mark", style: colours(plan), fill };
    const drawn = [name, make("rect", is_simulated ? read : { ...read, class: "slanted", style: colours(plan) })];
    if (unread > 0) {
      drawn.push(make("rect", { x: left + length(plan.usd - unread), y: top, width: Math.max(length(unread), 0.5), height: BAR, class: "hollow", style: colours(plan) }));
    }
    if (plan.low !== null && plan.high !== null) {
      const middle = top + BAR / 2, ends = [left + length(Math.max(plan.low, 0)), left + length(plan.high)];
      drawn.push(make("path", { class: "interval", d: `M${ends[0]} ${middle}H${ends[1]}M${ends[0]} ${middle - 4}v8M${ends[1]} ${middle - 4}v8` }));
    }
    const beyond = left + length(Math.max(plan.usd, plan.high ?? 0)) + 8;
    const mark = plan.broken ? " ✗" : plan.is_best ? " ✓" : "";
    const amount = make("text", { x: beyond, y: top + BAR - 3, class: plan.broken ? "amount broken" : "amount" }, `${plan.cells[0]}${mark}`);
    amount.append(make("title", {}, plan.broken || (plan.is_best ? "the least of those that meet every bound" : "meets every bound that is known")));
    return [...drawn, amount];
  }

  async copy({ what, text }) {
    this.text.value = text;
    this.text.hidden = false;
    try {
      await navigator.clipboard.writeText(text);
      this.copied.textContent = `Copied as ${what === "yaml" ? "YAML" : "command"}`;
    } catch {
      this.text.select();
      this.copied.textContent = "Copy the text below";
    }
  }

  close() {
    clearTimeout(this.timer);
    this.watch.disconnect();
    this.model.off("msg:custom", this.hear);
  }
}

function colours(plan) {
  return `--light: ${plan.colour}; --dark: ${plan.dark}`;
}

export default {
  render({ model, el }) {
    const page = new Page(model, el);
    return () => page.close();
  },
};
