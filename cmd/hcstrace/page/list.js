// SPDX-License-Identifier: MIT
// The list of records: only the rows that can be seen are in the page.

const ROW = 24;

function element(tag, cls, text) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
}

// The words that were searched for, made visible.
function marked(parent, text, words) {
  if (!words.length) { parent.textContent = text; return parent; }
  const low = text.toLowerCase();
  let i = 0;
  while (i < text.length) {
    let at = -1, word = '';
    for (const w of words) { const p = low.indexOf(w, i); if (p >= 0 && (at < 0 || p < at)) { at = p; word = w; } }
    if (at < 0) break;
    parent.append(text.slice(i, at), element('mark', '', text.slice(at, at + word.length)));
    i = at + word.length;
  }
  parent.append(text.slice(i));
  return parent;
}

class List {
  constructor(view) {
    this.view = view; // heads, visible (indices), chosen, words
    this.box = document.getElementById('list');
    this.rows = document.getElementById('rows');
    this.box.addEventListener('scroll', () => this.draw());
    this.rows.addEventListener('click', (e) => { const r = e.target.closest('.row'); if (r) view.choose(Number(r.dataset.head)); });
    window.addEventListener('resize', () => this.draw());
  }

  row(index, place) {
    const h = this.view.heads[index], r = element('div', 'row k-' + h.kind + (h.failed ? ' bad' : '') + (h.plumbing ? ' plumbing' : ''));
    r.style.top = place * ROW + 'px';
    r.id = 'row-' + index;
    r.dataset.head = index;
    r.setAttribute('role', 'option');
    r.setAttribute('aria-selected', String(this.view.chosen === index));
    r.append(element('span', 'n faint', (h.t / 1e6).toFixed(3) + ' ms'), element('span', 'n', h.kind === 'call' || (h.kind === 'frame' && !h.guest) ? h.settled === null ? '\u2014' : showDuration(h.settled - h.t) : ''),
      element('span', 'n faint', h.thread || ''), marked(element('span', 'faint'), h.on || h.made, this.view.words));
    const what = element('span');
    const state = this.view.state && this.view.state[index];
    if (state) what.append(element('span', 'state ' + state, {changed: '\u2260', only: '\u2212', moved: '\u21c5'}[state]));
    what.append(marked(element('span', 'name'), h.name, this.view.words), ' ', marked(element('span', 'faint'), h.text, this.view.words));
    r.append(what, element('span', 'code', resultText(h)));
    return r;
  }

  draw() {
    const n = this.view.visible.length, top = this.box.scrollTop, height = this.box.clientHeight;
    const first = Math.max(0, Math.floor(top / ROW) - 4), beyond = Math.min(n, Math.ceil((top + height) / ROW) + 4);
    this.rows.style.height = n * ROW + 'px';
    this.rows.replaceChildren();
    for (let i = first; i < beyond; i++) this.rows.append(this.row(this.view.visible[i], i));
    if (this.view.chosen >= 0) this.box.setAttribute('aria-activedescendant', 'row-' + this.view.chosen); else this.box.removeAttribute('aria-activedescendant');
  }

  reveal(index) {
    const place = this.view.placeOf(index);
    if (place < 0) return;
    if (place * ROW < this.box.scrollTop) this.box.scrollTop = place * ROW;
    else if ((place + 1) * ROW > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = (place + 1) * ROW - this.box.clientHeight;
  }
}
