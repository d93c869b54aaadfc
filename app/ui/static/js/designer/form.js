// @ts-check
// The designer's form shows the design.
import { all, byId, field, inputs, made, maybe, one, press, select, ticked } from "../dom.js";
import { say } from "../messages.js";
import { state } from "../state.js";
import { coloursOf, DIALS, isReady, wayOf } from "./design.js";

/** @param {string} name of a field of the form */
export const place = (name) => field(name, "#piece-designer");

/** Return the form's texts and prices; `begin` in designer.js reads them first. */
export function words() {
  if (!state.words) throw new Error("The designer was not opened.");
  return state.words;
}

/** Show all of the design. */
export function fill() {
  const { design } = state, { print } = design;
  for (const tab of all('[data-design="kind"]')) {
    const isOn = tab.dataset.kind === design.kind;
    tab.setAttribute("aria-selected", String(isOn));
    tab.tabIndex = isOn ? 0 : -1;
    byId(`of-${tab.dataset.kind}`).hidden = !isOn;
  }
  for (const block of inputs("block", "#piece-designer")) block.checked = block.value === design.block;
  for (const name of DIALS) place(name).value = place(`${name}-exact`).value = String(design[name]);
  place("design-size").value = design.size;
  place("design-material").value = design.material;
  place("flat-width").value = design.width;
  place("flat-length").value = design.length;
  place("flat-category").value = design.category;
  place("design-name").value = design.name;
  byId("of-cloth").hidden = design.kind === "flat";
  byId("of-size").hidden = design.kind !== "block";
  byId("dials").hidden = one('[data-design="plain"]').hidden = !print;
  one('[data-design="example"]').hidden = Boolean(print);
  byId("tile").style.backgroundImage = print?.link ? `url("${print.link}")` : "";
  showPieces();
  showWays();
  showPalette();
  showSum();
}

function showPieces() {
  const box = byId("cut-pieces"), drawing = one("img", box, HTMLImageElement);
  const { link, pieces } = state.design.pattern ?? { link: null, pieces: [] };
  box.hidden = !pieces.length;
  drawing.hidden = !link;
  drawing.onerror = () => {
    drawing.hidden = true; // a link lasts for one to two hours
  };
  if (link && drawing.getAttribute("src") !== link) drawing.src = link;
  one("ul", box).replaceChildren(...pieces.map(({ piece, size_cm: [width, length], material }) => {
    const row = made("li"), size = `${width} × ${length} cm`;
    row.append(made("span", {}, piece), made("span", { class: "note" }, size), fabricOf(piece, material));
    return row;
  }));
}

/**
 * Return the choice of a piece's fabric.
 * @param {string} piece
 * @param {string | null | undefined} material that the file states
 */
function fabricOf(piece, material) {
  const fabrics = [...select("design-material").options].slice(1);
  const chosen = state.design.pieceMaterials[piece] ?? "";
  const own = chosen ? undefined : fabrics.find((each) => each.value === material);
  const label = say(words().piece_fabric, { piece });
  const box = made("select", { name: "piece-material", "data-piece": piece, "aria-label": label });
  const options = fabrics.map((each) => new Option(each.text, each.value, false, each.value === chosen));
  box.append(new Option(own ? own.text : words().as_whole, ""), ...options);
  return box;
}

function showWays() {
  const { design } = state, names = ["", ...design.ways.map((way) => way.name)], shoot = byId("shoot-ways");
  byId("ways").replaceChildren(...names.map((name) => {
    const button = made("button", { type: "button", "data-design": "way", "data-way-name": name }, name || words().own);
    press(button, name === design.way);
    return button;
  }));
  shoot.hidden = names.length < 2;
  const off = inputs("design-way").filter((each) => !each.checked).map((each) => each.value);
  one("div", shoot).replaceChildren(...names.map((name) => {
    const label = made("label"), box = made("input", { type: "checkbox", name: "design-way", value: name });
    box.toggleAttribute("checked", !off.includes(name));
    label.append(box, made("span", {}, name || words().own));
    return label;
  }));
}

function showPalette() {
  const { design } = state, way = wayOf(design), box = byId("palette");
  box.replaceChildren(
    ...coloursOf(design).map(({ own, colour }) => {
      const title = own ? words()[own] : say(words().colour_of, { colour }), isFixed = !own && !way;
      const holder = made("label", { title, class: isFixed ? "swatch-set fixed" : "swatch-set" });
      const value = way?.colours[colour] ?? colour;
      const input = made("input", {
        type: "color",
        value,
        "data-colour": colour,
        "data-own": own,
        "aria-label": title,
      });
      input.toggleAttribute("disabled", isFixed);
      holder.append(input);
      if (own) holder.append(made("span", {}, title));
      return holder;
    }),
  );
  if (!way) return;
  const label = { "data-way-rename": "", "aria-label": words().way_name };
  const remove = { type: "button", class: "quiet danger", "data-design": "remove-way" };
  const name = made("input", { type: "text", value: way.name, maxlength: "40", ...label });
  box.append(name, made("button", remove, words().remove_way));
}

/** Return the colourways that are to be shot; the cloth's own where there are no others. */
export const waysToShoot = () => state.design.ways.length ? ticked("design-way") : [""];

/** Say how many pictures would be made, and for how much. */
export function showSum() {
  const n = waysToShoot().length * ticked("design-view").length, { bar, prices } = words();
  const credits = n * prices[place("design-format").value];
  byId("design-sum").textContent = n === 1 ? bar.one : say(bar.many, { n });
  byId("design-price").textContent = credits === 1 ? bar.price_one : say(bar.price, { n: credits });
  one('[data-design="shoot"]', document, HTMLButtonElement).disabled = !n || !isReady(state.design);
  one('[data-design="keep"]', document, HTMLButtonElement).disabled = !isReady(state.design);
}

/** Say what the designer is busy with. @param {string} text */
export function tell(text) {
  const told = maybe("#design-told");
  if (told) told.textContent = text;
}
