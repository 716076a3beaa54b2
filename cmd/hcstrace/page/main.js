// SPDX-License-Identifier: MIT
// What holds the parts together: the state of the view, search and filter, keys, the address, printing.

const KINDS = [['call', 'Calls', 'call'], ['event', 'Events', 'event'], ['stdio', 'Output', 'output'], ['frame', 'Messages', 'frame'], ['plumbing', 'Plumbing', 'plumbing'],
  ['failed', 'Failures only', 'bad'], ['different', 'Differences only', 'event']];
const KEYS = [['j / k, arrows', 'next, previous record'], ['n / p', 'next, previous failure'], ['] / [', 'next, previous on the same object'], ['d / D', 'next, previous difference'],
  ['c', 'compare with the one before, or the other trace'], ['Enter', 'to the documents; Esc: back'], ['/', 'search'], ['+ / -', 'zoom in, out (or Ctrl and the wheel)'], ['h / l', 'earlier, later'],
  ['z', 'zoom to the record'], ['0', 'the whole trace'], ['o', 'time or order'], ['t', 'dark, light, as the system'], ['?', 'this list']];

const block = (id) => { const e = document.getElementById(id); return e ? e.textContent : ''; };
let about = {};

function resultText(h, whole) {
  if (h.kind === 'stdio' || h.kind === 'other') return '';
  if (h.kind === 'event' && !h.failed) return '';
  if (h.code === null) return h.kind === 'frame' ? (h.guest ? '' : 'no answer') : h.end === null ? 'no return' : 'no completion';
  const hex = '0x' + h.code.toString(16).toUpperCase().padStart(8, '0'), name = about.codes && about.codes[hex];
  return h.code === 0 ? whole ? 'S_OK 0x00000000' : 'ok' : name ? name + (whole ? ' ' + hex : '') : hex;
}
function shorter(id) { return id.length > 16 && /^[0-9a-fA-F-]*$/.test(id) ? id.slice(0, 12) + '\u2026' : id.slice(0, 40); }
function sentence(h) {
  return h.name + (h.on ? ' on ' + h.on : '') + (resultText(h) ? ': ' + resultText(h, true) : '') + (h.settled !== null && h.settled > h.t ? ', ' + showDuration(h.settled - h.t) : '') +
    (h.text ? '\n' + h.text : '');
}

class View {
  constructor() {
    this.lines = readTrace(block('trace'));
    Object.assign(this, readHeads(this.lines));
    this.lanes = makeLanes(this.heads);
    this.shown = new Uint8Array(this.heads.length);
    this.visible = [];
    this.chosen = -1;
    this.words = [];
    this.on = {call: true, event: true, stdio: true, frame: true, plumbing: false, failed: false, different: false};
    this.takeOther();
    this.nameLanes();
    this.chart = new Chart(this);
    this.list = new List(this);
    this.detail = new Detail(this);
    if (!this.last) this.chart.byOrder = true;
  }

  // A second trace: which of its heads is which of ours, and what is not the same.
  takeOther() {
    const pairs = block('pairs') ? JSON.parse(block('pairs')) : null;
    if (!pairs) return;
    const lines = readTrace(block('other')), heads = readHeads(lines).heads, byLine = new Map(heads.map((h) => [h.line, h])), mine = new Map(this.heads.map((h) => [h.line, h]));
    const partner = new Map();
    for (let i = 0; i < pairs.same.length; i += 2) partner.set(pairs.same[i] - 1, pairs.same[i + 1] - 1);
    this.state = new Array(this.heads.length);
    for (const [name, key] of [['changed', 'changed'], ['only', 'onlyA'], ['moved', 'moved']])
      for (const line of pairs[key]) { const h = mine.get(line - 1); if (h) this.state[h.index] = name; }
    this.other = {lines, partner: (h) => byLine.get(partner.get(h.line)), onlyB: pairs.onlyB.length};
  }

  nameLanes() { // the id that a system was made with says more than its number
    const ids = new Map();
    for (const h of this.heads)
      if (h.made && h.kind === 'call' && h.text) ids.set(h.made, shorter(h.text.split(' ')[0]));
    for (const l of this.lanes) {
      const id = ids.get(l.name), space = l.name.indexOf(' ');
      l.label = id ? l.name + '  ' + id : space > 0 && !l.thread ? shorter(l.name.slice(space + 1)) : l.name;
      l.visible = true;
    }
  }

  filter() {
    const terms = document.getElementById('query').value.trim().toLowerCase().split(/\s+/).filter(Boolean), plain = [], tests = [];
    for (const term of terms) {
      const [, key, value] = /^(on|thread|code|kind|line):(.*)$/.exec(term) || [];
      if (key === 'on') tests.push((h) => h.all.some((o) => String(o).toLowerCase() === value) || (value && (h.container || '').toLowerCase().startsWith(value)));
      else if (key === 'thread') tests.push((h) => String(h.thread) === value);
      else if (key === 'kind') tests.push((h) => h.kind === value);
      else if (key === 'line') tests.push((h) => h.parts.includes(Number(value) - 1));
      else if (key === 'code') tests.push((h) => value === 'fail' ? h.failed : value === 'ok' ? h.code === 0 : resultText(h, true).toLowerCase().includes(value));
      else plain.push(term);
    }
    this.words = plain;
    const found = (h) => plain.every((w) => h.parts.some((p) => this.lines[p].toLowerCase().includes(w)));
    this.visible = [];
    for (const h of this.heads) {
      const kind = h.plumbing ? this.on.plumbing : h.kind === 'other' || this.on[h.kind];
      const is = kind && (!this.on.failed || h.failed || (h.kind === 'call' && h.settled === null)) && (!this.on.different || (this.state && this.state[h.index])) &&
        tests.every((t) => t(h)) && (!plain.length || found(h));
      this.shown[h.index] = is ? 1 : 0;
      if (is) this.visible.push(h.index);
    }
    for (const l of this.lanes) l.visible = l.heads.some((i) => this.shown[i]);
    this.chart.draw();
    this.list.draw();
    this.tell();
  }

  tell() {
    const failed = this.heads.filter((h) => h.failed).length, open = this.heads.filter((h) => h.kind === 'call' && h.settled === null).length;
    let text = this.visible.length + ' of ' + this.heads.length + ' records shown, ' + failed + ' failed' + (open ? ', ' + open + ' without an end' : '');
    if (this.state) text += '; ' + this.state.filter(Boolean).length + ' differ from ' + about.other + ', which has ' + this.other.onlyB + ' more';
    document.getElementById('status').textContent = text;
  }

  placeOf(index) {
    let lo = 0, hi = this.visible.length;
    while (lo < hi) { const m = (lo + hi) >> 1; if (this.visible[m] < index) lo = m + 1; else hi = m; }
    return this.visible[lo] === index ? lo : -1;
  }

  choose(index) {
    this.chosen = index;
    this.detail.show(index);
    if (index >= 0) { this.list.reveal(index); this.chart.reveal(this.heads[index]); }
    this.list.draw();
    this.chart.draw();
    this.remember();
  }

  step(direction, which) {
    const n = this.visible.length;
    let place = this.chosen < 0 ? (direction > 0 ? -1 : n) : this.placeOf(this.chosen);
    if (place < 0 && this.chosen >= 0) place = direction > 0 ? this.visible.findIndex((i) => i > this.chosen) - 1 : this.visible.findLastIndex((i) => i < this.chosen) + 1;
    for (place += direction; place >= 0 && place < n; place += direction)
      if (!which || which(this.heads[this.visible[place]])) { this.choose(this.visible[place]); return; }
    document.getElementById('status').textContent = 'no further one';
  }

  search(text) { document.getElementById('query').value = text; this.filter(); this.remember(); }

  toggle(kind) {
    this.on[kind] = !this.on[kind];
    for (const b of document.querySelectorAll('#kinds button')) b.setAttribute('aria-pressed', String(this.on[b.dataset.kind]));
    this.filter();
  }

  setTheme(theme) {
    if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
    document.getElementById('theme').textContent = theme || 'auto';
    this.chart.draw();
  }

  setAxis(byOrder) {
    this.chart.byOrder = byOrder;
    document.getElementById('axis').textContent = byOrder ? 'order' : 'time';
    this.chart.fit();
  }

  key(key) {
    const at = this.heads[this.chosen], c = this.chart;
    switch (key) {
    case 'j': case 'ArrowDown': this.step(1); break;
    case 'k': case 'ArrowUp': this.step(-1); break;
    case 'n': this.step(1, (h) => h.failed); break;
    case 'p': this.step(-1, (h) => h.failed); break;
    case ']': case '[': if (at) this.step(key === ']' ? 1 : -1, (h) => h.all.some((o) => at.all.includes(o)) && (!h.container || h.container === at.container)); break;
    case 'd': case 'D': if (this.state) this.step(key === 'd' ? 1 : -1, (h) => this.state[h.index]); break;
    case 'c': {
      const others = at ? this.detail.others(at) : [], next = others.findIndex((o) => o[0] === this.detail.against) + 1;
      this.detail.against = next < others.length ? others[next][0] : '-';
      if (at) this.detail.show(this.chosen);
      break;
    }
    case '+': case '=': c.zoom(0.6, at && c.start(at)); break;
    case '-': c.zoom(1.6, at && c.start(at)); break;
    case 'h': case 'ArrowLeft': c.pan(-0.2); break;
    case 'l': case 'ArrowRight': c.pan(0.2); break;
    case 'z': if (at) { const w = Math.max(c.stop(at) - c.start(at), c.extent() / 1e4); c.from = c.start(at) - w; c.to = c.stop(at) + w; c.draw(); } break;
    case '0': c.fit(); break;
    case 'o': this.setAxis(!c.byOrder); break;
    case 't': { const all = ['', 'dark', 'light'], now = document.documentElement.dataset.theme || ''; this.setTheme(all[(all.indexOf(now) + 1) % 3]); break; }
    case 'Home': if (this.visible.length) this.choose(this.visible[0]); break;
    case 'End': if (this.visible.length) this.choose(this.visible[this.visible.length - 1]); break;
    case 'PageDown': case 'PageUp': {
      const by = Math.max(1, Math.floor(this.list.box.clientHeight / ROW) - 1) * (key === 'PageDown' ? 1 : -1), place = Math.min(Math.max(this.placeOf(this.chosen) + by, 0), this.visible.length - 1);
      if (place >= 0) this.choose(this.visible[place]);
      break;
    }
    case '/': document.getElementById('query').focus(); break;
    case '?': document.getElementById('help').showModal(); break;
    case 'Enter': this.detail.box.focus(); break;
    case 'Escape': this.list.box.focus(); break;
    default: return false;
    }
    return true;
  }

  // The address keeps what is searched for and chosen, so that it can be passed on: #q=words&line=12.
  remember() {
    const p = new URLSearchParams(), q = document.getElementById('query').value;
    if (q) p.set('q', q);
    if (this.chosen >= 0) p.set('line', this.heads[this.chosen].line + 1);
    try { history.replaceState(null, '', '#' + p); } catch { /* not allowed for every kind of file */ }
  }
  recall() {
    const p = new URLSearchParams(location.hash.slice(1)), line = Number(p.get('line'));
    if (p.get('theme')) this.setTheme(p.get('theme') === 'dark' ? 'dark' : 'light');
    if (p.get('axis') === 'order') this.setAxis(true);
    for (const kind of (p.get('show') || '').split(',').filter((k) => k in this.on)) this.toggle(kind);
    document.getElementById('query').value = p.get('q') || '';
    this.filter();
    const h = line && this.heads.find((x) => x.parts.includes(line - 1));
    if (h) this.choose(h.index); else this.detail.show(-1);
    for (const key of (p.get('keys') || '').split(',').filter(Boolean)) document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    this.chart.paint(); // also where no frame is ever asked for
  }

  // On paper: the lanes as they stand, and the records that are shown as a table.
  print() {
    const MOST = 5000, out = document.getElementById('print'), table = element('table'), head = element('thead'), body = element('tbody'), row = element('tr');
    const theme = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    this.chart.paint();
    const picture = element('img');
    picture.alt = '';
    picture.src = this.chart.canvas.toDataURL();
    for (const [title, width] of [['ms', '13%'], ['took', '9%'], ['on', '13%'], ['what', ''], ['result', '20%']]) { const th = element('th', '', title); th.style.width = width; row.append(th); }
    head.append(row);
    for (const i of this.visible.slice(0, MOST)) {
      const h = this.heads[i], tr = element('tr', h.failed ? 'bad' : '');
      tr.append(element('td', 'n', (h.t / 1e6).toFixed(3)), element('td', 'n', h.kind === 'call' && h.settled !== null ? showDuration(h.settled - h.t) : ''), element('td', '', h.on || h.made),
        element('td', '', h.name + ' ' + h.text), element('td', '', resultText(h)));
      body.append(tr);
    }
    table.append(head, body);
    out.replaceChildren(picture, table);
    if (this.visible.length > MOST) out.append(element('p', '', 'and ' + (this.visible.length - MOST) + ' more; search to choose what is printed'));
    if (this.chosen >= 0) { const copy = this.detail.box.cloneNode(true); copy.removeAttribute('id'); for (const b of copy.querySelectorAll('.bar')) b.remove(); out.append(copy); }
    if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
    this.chart.draw();
  }
}

function furnish(view) {
  const dates = [view.header.started && view.header.started.slice(0, 19).replace('T', ' ') + ' UTC', view.header.recorder, view.header.host && [view.header.host.os, view.header.host.build].filter(Boolean).join(' '),
    view.header.redacted ? 'redacted' : 'not redacted'];
  document.title = about.name + ' \u2014 trace';
  document.getElementById('title').textContent = about.name + (about.other ? ' against ' + about.other : '');
  document.getElementById('title').title = about.name;
  document.getElementById('about').textContent = dates.filter(Boolean).join(' \u00b7 ') + (about.truncated ? ' \u00b7 cut off in its last line' : '');
  for (const [kind, label, colour] of KINDS) {
    if (kind === 'different' && !view.state) continue;
    if (kind === 'frame' && !view.heads.some((h) => h.kind === 'frame')) continue;
    const b = element('button', '', label);
    b.dataset.kind = kind;
    b.style.setProperty('--dot', 'var(--' + colour + ')');
    b.setAttribute('aria-pressed', String(view.on[kind]));
    b.addEventListener('click', () => view.toggle(kind));
    document.getElementById('kinds').append(b);
  }
  const table = element('table');
  for (const [keys, what] of KEYS) {
    const tr = element('tr'), td = element('td');
    keys.split(/( \/ |, )/).forEach((k, i) => td.append(i % 2 ? k : element('kbd', '', k)));
    tr.append(td, element('td', '', what));
    table.append(tr);
  }
  const close = element('button', '', 'Close');
  close.addEventListener('click', () => document.getElementById('help').close());
  document.getElementById('help').append(element('h2', '', 'Keys'), table, close);
}

function wire(view) {
  const query = document.getElementById('query'), main = document.querySelector('main'), lanes = document.getElementById('lanes');
  const on = (id, what) => document.getElementById(id).addEventListener('click', what);
  let timer = 0;
  query.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(() => { view.filter(); view.remember(); }, view.heads.length > 20000 ? 250 : 60); });
  document.getElementById('find').addEventListener('submit', (e) => { e.preventDefault(); clearTimeout(timer); view.filter(); view.list.box.focus(); if (view.visible.length) view.choose(view.visible[0]); });
  on('zoom-in', () => view.key('+'));
  on('zoom-out', () => view.key('-'));
  on('fit', () => view.key('0'));
  on('axis', () => view.key('o'));
  on('theme', () => view.key('t'));
  on('keys', () => view.key('?'));
  document.addEventListener('keydown', (e) => {
    if (e.target === query) { if (e.key === 'Escape') { view.search(''); view.list.box.focus(); } return; }
    if (e.ctrlKey || e.metaKey || e.altKey || document.getElementById('help').open || (e.target.tagName === 'BUTTON' && (e.key === 'Enter' || e.key === ' '))) return;
    if (e.target === view.detail.box && ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'].includes(e.key)) return; // it scrolls
    if (view.key(e.key)) e.preventDefault();
  });
  document.getElementById('split').addEventListener('mousedown', (e) => {
    const move = (m) => { view.chart.sized = true; lanes.style.height = Math.min(Math.max(m.clientY - main.getBoundingClientRect().top, 60), main.clientHeight - 90) + 'px'; view.chart.draw(); view.list.draw(); };
    const up = () => { removeEventListener('mousemove', move); removeEventListener('mouseup', up); };
    e.preventDefault();
    addEventListener('mousemove', move);
    addEventListener('mouseup', up);
  });
  addEventListener('beforeprint', () => view.print());
  addEventListener('hashchange', () => view.recall());
}

about = JSON.parse(block('about-trace'));
const view = new View();
furnish(view);
wire(view);
view.setAxis(view.chart.byOrder);
view.recall();
