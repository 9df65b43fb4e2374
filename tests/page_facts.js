// What is wrong with the open page, as sentences; its text as it was opened, and its links.
// Opens every <details> and leaves it open.
async () => {
  const text = document.body.innerText;
  const printed = matchMedia("print").matches;
  const root = document.documentElement;
  const complaints = [];
  const complain = (what, found) => {
    if (found.length) {
      const more = found.length > 3 ? ` and ${found.length - 3} more` : "";
      complaints.push(`${what}: ${found.slice(0, 3).join(", ")}${more}`);
    }
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);
  const called = (element) => {
    const name = element.localName + (element.id && `#${element.id}`);
    const text = short(element.textContent);
    return text ? `${name} “${text}”` : name;
  };
  const remembered = (make) => {
    const known = new Map();
    return (key) => {
      if (!known.has(key)) known.set(key, make(key));
      return known.get(key);
    };
  };
  const style = remembered((element) => getComputedStyle(element));

  // -- nothing reaches beyond the window, closed and opened ------------------------------------
  const wide = (state) => {
    const [needed, given] = [root.scrollWidth, root.clientWidth];
    complain(`scrolls sideways, ${state}`, needed > given ? [`${needed} px in ${given} px`] : []);
  };
  wide("closed");
  for (const details of all("details")) {
    details.removeAttribute("name"); // of one name, only one can be open
    details.open = true;
  }
  wide("opened");

  // -- images ----------------------------------------------------------------------------------
  const images = all("img");
  await Promise.all(
    images.map((image) => {
      image.loading = "eager";
      return image.complete || new Promise((done) => (image.onload = image.onerror = done));
    }),
  );
  const source = (image) => image.currentSrc.slice(0, 60) || called(image);
  complain("image not loaded", images.filter((image) => !image.naturalWidth).map(source));
  complain("image without alternative text", images.filter((image) => !image.alt.trim()).map(source));
  const drawings = all("svg").filter((svg) => !svg.closest("[aria-hidden=true]"));
  const named = (svg) =>
    svg.role === "img" && (svg.ariaLabel || svg.getAttribute("aria-labelledby") || svg.querySelector("title"));
  complain("drawing without alternative text", drawings.filter((svg) => !named(svg)).map(called));

  // -- texts: where they stand, and what they stand on ------------------------------------------
  const shown = remembered((element) => element.checkVisibility({ visibilityProperty: true }));
  // Of the size of a pixel: for those who have the page read to them.
  const unseen = remembered(
    (element) =>
      element &&
      ((element.offsetWidth <= 1 && style(element).overflowX !== "visible") ||
        unseen(element.parentElement)),
  );
  const scrolled = remembered(
    (element) =>
      element &&
      (["auto", "scroll"].includes(style(element).overflowX) || scrolled(element.parentElement)),
  );
  const inline = (element) => ["inline", "contents"].includes(style(element).display);
  const block = remembered((element) => (inline(element) ? block(element.parentElement) : element));
  const box = remembered((element) => element.getBoundingClientRect());
  const pixel = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = remembered((text) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = text;
    pixel.fillRect(0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  });
  const mixed = (under, over, part) => under.map((value, i) => value + part * (over[i] - value));
  const painted = (under, text) => mixed(under, colour(text), colour(text)[3]);
  const probe = document.createElement("div");
  probe.style.backgroundColor = "Canvas";
  root.append(probe);
  const canvas = printed ? [1, 1, 1] : colour(getComputedStyle(probe).backgroundColor).slice(0, 3);
  probe.remove();
  // Printers leave out backgrounds that do not insist.
  const background = (one) =>
    printed && one.printColorAdjust !== "exact" ? "transparent" : one.backgroundColor;
  const paints = (one) =>
    colour(background(one))[3] || one.backgroundImage !== "none" || one.opacity !== "1";
  // The styles of the boxes that an element stands in and that paint, the outermost first.
  const grounds = remembered((element) => {
    const under = element.parentElement ? grounds(element.parentElement) : [];
    return paints(style(element)) ? [...under, style(element)] : under;
  });
  // The colour of a point in the last of nested boxes, with ink there or without.
  const point = (boxes, ink, under = canvas) => {
    if (!boxes.length) return ink ? painted(under, ink) : under;
    const inside = point(boxes.slice(1), ink, painted(under, background(boxes[0])));
    return mixed(under, inside, Number(boxes[0].opacity));
  };
  // Relative luminance and contrast ratio: WCAG 2.2, section "Terms".
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const ratios = remembered((boxes) =>
    remembered((ink) => contrast(point(boxes, ink), point(boxes, null))),
  );
  const faint = [];
  const unjudged = [];
  const judge = (boxes, ink, text) => {
    if (boxes.some((one) => one.backgroundImage !== "none")) unjudged.push(`“${short(text)}”`);
    const ratio = ratios(boxes)(ink);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} “${short(text)}”`);
  };
  const outside = [];
  const spilt = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const element = text.parentElement;
    if (!text.data.trim() || !shown(element) || unseen(element)) continue;
    const drawn = element.closest("svg");
    judge(grounds(element), drawn ? style(element).fill : style(element).color, text.data);
    if (drawn) continue;
    range.selectNodeContents(text);
    const places = [...range.getClientRects()];
    const beyond = (left, right) => places.some((at) => at.left < left - 1 || at.right > right + 1);
    if (beyond(0, root.clientWidth) && (printed || !scrolled(element)))
      outside.push(`“${short(text.data)}”`);
    const { left, right } = box(block(element));
    if (beyond(left, right)) spilt.push(`“${short(text.data)}”`);
  }
  for (const element of all("body, body *").filter(shown)) {
    for (const part of ["::before", "::after"]) {
      const own = getComputedStyle(element, part);
      if (/"[^"]*\S[^"]*"/.test(own.content))
        judge([...grounds(element), own], own.color, `${called(element)}${part}`);
    }
  }
  complain("contrast below 4.5", faint);
  complain("text on a background image, whose contrast nobody knows", unjudged);
  complain("text outside the window", outside);
  complain("text outside its box", spilt);

  const cuts = (value) => ["hidden", "clip"].includes(value) || (printed && value !== "visible");
  const replaced = "img, svg, svg *, canvas, video";
  const cut = all("body, body *").filter(
    (element) =>
      ((cuts(style(element).overflowX) && element.scrollWidth > element.clientWidth) ||
        (cuts(style(element).overflowY) && element.scrollHeight > element.clientHeight)) &&
      !inline(element) && !element.matches(replaced) && shown(element) && !unseen(element),
  );
  complain("cut off", cut.map(called));

  const paper = luminance(point(grounds(document.body), null));
  if (printed) complain("not printed on white", paper < 0.95 ? [`luminance ${paper.toFixed(2)}`] : []);
  else {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const wrong = dark ? paper > 0.2 : paper < 0.5;
    complain("background against the colour scheme", wrong ? [`luminance ${paper.toFixed(2)}`] : []);
  }

  // -- structure -------------------------------------------------------------------------------
  const missing = {
    "doctype": document.compatMode === "CSS1Compat",
    "lang": root.lang,
    "title": document.title.trim(),
    "UTF-8": document.characterSet === "UTF-8",
    "meta viewport": document.querySelector("meta[name=viewport][content*='width=device-width']"),
  };
  complain("page without", Object.keys(missing).filter((what) => !missing[what]));

  const headings = all("h1, h2, h3, h4, h5, h6");
  const level = (heading) => Number(heading.localName[1]);
  const first = headings.filter((heading) => level(heading) === 1);
  if (first.length !== 1) complain("h1 not once", [`${first.length} times`]);
  complain("heading without text", headings.filter((heading) => !heading.textContent.trim()).map(called));
  const skips = headings.filter((heading, i) => level(heading) > 1 + (i && level(headings[i - 1])));
  complain("heading skips a level", skips.map(called));

  const ids = all("[id]").map((element) => element.id);
  complain("id not unique", ids.filter((id, i) => ids.indexOf(id) < i));
  const links = all("a[href], area[href]");
  const href = (link) => link.getAttribute("href");
  const inner = links.map(href).filter((to) => to.startsWith("#"));
  complain("link to nowhere", inner.filter((to) => !ids.includes(decodeURIComponent(to.slice(1)))));
  const references = ["aria-labelledby", "aria-describedby", "aria-controls", "for", "headers"];
  const referred = references.flatMap((name) =>
    all(`[${name}]`).flatMap((element) => element.getAttribute(name).split(/\s+/)),
  );
  complain("reference to nowhere", referred.filter((id) => !ids.includes(id)));
  const silent = (link) =>
    !link.textContent.trim() && !link.ariaLabel && !link.querySelector("img[alt]:not([alt=''])");
  complain("link without text", links.filter(silent).map((link) => link.outerHTML));
  complain("loads from elsewhere", [
    ...all("link[href]").map(href),
    ...all("[src]").map((element) => element.getAttribute("src")),
  ].filter((to) => !to.startsWith("data:")));

  const tables = all("table");
  const headless = (table) => !table.querySelector("th");
  complain("table without header cells", tables.filter(headless).map(called));
  complain("header cell without scope", all("th:not([scope])").filter((th) => !th.closest("thead")).map(called));

  // -- hands and keyboards ---------------------------------------------------------------------
  const bare = all("details").filter((one) => one.firstElementChild?.localName !== "summary");
  complain("details without summary", bare.map(called));
  const reached = (element) => {
    element.focus({ preventScroll: true });
    return element.tabIndex >= 0 && document.activeElement === element;
  };
  const summaries = all("summary").filter(shown);
  const lost = [...summaries, ...links.filter(shown)].filter((element) => !reached(element));
  complain("out of reach of the keyboard", lost.map(called));
  document.activeElement?.blur();
  // WCAG 2.2, 2.5.8; links within sentences are exempt.
  const small = summaries.filter((summary) => summary.getBoundingClientRect().height < 24);
  complain("too small to tap", printed ? [] : small.map(called));

  return { complaints, text, links: links.map(href) };
};
