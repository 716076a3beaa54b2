// SPDX-License-Identifier: MIT
// One record with all that belongs to it: its documents as they stand in the trace, or against what they are compared with.

const MOST_LINES = 4000, CONTEXT = 3;

class Detail {
  constructor(view) {
    this.view = view;
    this.box = document.getElementById('detail');
    this.against = ''; // what it is compared with, while that makes sense
  }

  link(text, go) {
    const a = element('a', '', text);
    a.tabIndex = 0;
    a.setAttribute('role', 'button');
    a.addEventListener('click', go);
    a.addEventListener('keydown', (e) => { if (e.key === 'Enter') go(); });
    return a;
  }

  fact(list, name, ...what) {
    const dd = element('dd');
    dd.append(...what);
    list.append(element('dt', '', name), dd);
  }

  // The texts of a head by what they are: {title: exact value}.
  documents(lines, h) {
    const docs = new Map();
    for (const p of h.parts) {
      const r = exactParse(lines[p]), exact = exactGet(r, 'exact');
      const take = (title, v, name) => {
        const text = exact && exactGet(exact, name);
        if (text) { try { v = exactParse(JSON.stringify(text.text)); } catch { v = text; } }
        if (v && !(v.k === 'object' && !v.members.length) && !(v.k === 'string' && !v.text) && !(v.k === 'word' && v.text === 'null')) docs.set(title, v);
      };
      for (const [part, title] of [['args', ''], ['out', 'out: ']]) {
        const values = exactGet(r, part);
        if (values && values.k === 'object') for (const [key, v] of values.members) take(title + key, v, key);
      }
      take('result', exactGet(r, 'result'), 'result');
      take('data', exactGet(r, 'data'), 'data');
      take(docs.has('document') ? 'answer' : 'document', exactGet(r, 'document'), 'document');
      take('process', exactGet(r, 'process'), 'process');
      take('text', exactGet(r, 'text'), 'text');
      take('base64', exactGet(r, 'base64'), 'base64');
      for (const [key, v] of r.k === 'object' ? r.members : [])
        if (!KNOWN.has(key)) docs.set(key, v);
    }
    return docs;
  }

  // Which other records it can be laid beside.
  others(h) {
    const found = [];
    for (let i = h.index - 1; i >= 0 && found.length < 1; i--) {
      const o = this.view.heads[i];
      if (o.kind === h.kind && o.name === h.name && o.kind !== 'stdio' && (o.on === h.on || !h.on)) found.push(['earlier', 'the one before' + (h.on ? ' on ' + h.on : ''), this.view.lines, o]);
    }
    const b = this.view.other && this.view.other.partner(h);
    if (b) found.unshift(['other', 'the other trace', this.view.other.lines, b]);
    return found;
  }

  line(l, isDiff) {
    const d = element('div', isDiff ? l.mark : '');
    d.append('  '.repeat(l.depth));
    for (const [cls, text] of l.parts) d.append(cls ? marked(element('span', cls), text, this.view.words) : text);
    return d;
  }

  // Of what is the same only the neighbours of what is not are shown, until somebody wants the rest.
  lines(list, isDiff) {
    const pre = element('div', 'doc' + (isDiff ? ' diff' : '')), near = new Uint8Array(list.length);
    if (list.length > MOST_LINES) list = [...list.slice(0, MOST_LINES), {depth: 0, mark: 'same', parts: [['faint', '\u2026 ' + (list.length - MOST_LINES) + ' more lines']]}];
    list.forEach((l, i) => { if (l.mark !== 'same') near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1); });
    for (let i = 0; i < list.length; i++) {
      let beyond = i;
      while (isDiff && beyond < list.length && !near[beyond]) beyond++;
      if (beyond - i < 4) { pre.append(this.line(list[i], isDiff)); continue; }
      const rest = list.slice(i, beyond), fold = this.link('  \u22ef ' + rest.length + ' lines that are the same', () => fold.parentElement.replaceWith(...rest.map((l) => this.line(l, true))));
      pre.append(element('div', 'fold'));
      pre.lastChild.append(fold);
      i = beyond - 1;
    }
    return pre;
  }

  show(index) {
    this.box.replaceChildren();
    this.box.scrollTop = 0;
    if (index < 0) { this.box.append(element('p', 'faint', 'Choose a record: with the mouse, or with the arrow keys. ? lists the keys.')); return; }
    const h = this.view.heads[index], facts = element('dl', 'facts'), others = this.others(h);
    this.box.append(element('h2', '', h.name));
    if (h.on || h.made) this.fact(facts, 'on', ...[...new Set([h.on, h.made])].filter(Boolean).flatMap((o) => [this.link(o, () => this.view.search('on:' + o)), ' ']));
    if (resultText(h, true)) this.fact(facts, 'result', element('span', h.failed ? 'bad-text' : '', resultText(h, true)));
    if (h.kind === 'call') this.fact(facts, 'thread', this.link(String(h.thread), () => this.view.search('thread:' + h.thread)));
    this.fact(facts, 'time', (h.t / 1e6).toFixed(6) + ' ms' + (h.settled !== null && h.settled > h.t ? ', took ' + showDuration(h.settled - h.t) : '') +
      (h.pending && h.end !== null ? ' (returned after ' + showDuration(h.end - h.t) + ')' : ''));
    this.fact(facts, 'line', h.parts.slice(0, 12).map((p) => p + 1).join(', ') + (h.parts.length > 12 ? ' \u2026' : ''));
    this.box.append(facts);
    const state = this.view.state && this.view.state[index];
    if (state) this.box.append(element('p', 'state ' + state, {changed: '\u2260 differs from the other trace', only: '\u2212 only in this trace', moved: '\u21c5 at another place in the other trace'}[state]));
    const chosen = others.find((o) => o[0] === this.against) || (state === 'changed' && others[0] && others[0][0] === 'other' ? others[0] : null);
    if (others.length) {
      const bar = element('div', 'bar');
      bar.append(element('span', 'faint', 'compare with'));
      for (const o of [['', 'nothing'], ...others]) {
        const b = element('button', '', o[1]);
        b.setAttribute('aria-pressed', String(chosen ? chosen[0] === o[0] : o[0] === ''));
        b.addEventListener('click', () => { this.against = o[0] || '-'; this.show(index); });
        bar.append(b);
      }
      if (chosen) {
        const where = 'line ' + (chosen[3].line + 1), of = chosen[0] === 'other' ? ' of ' + about.other : '';
        bar.append(element('span', 'faint', '\u2212 '), chosen[0] === 'earlier' ? this.link(where, () => this.view.choose(chosen[3].index)) : element('span', 'faint', where + of),
          element('span', 'faint', '  + line ' + (h.line + 1)));
      }
      this.box.append(bar);
    }
    this.texts(h, chosen);
  }

  texts(h, other) {
    const docs = this.documents(this.view.lines, h), before = other ? this.documents(other[2], other[3]) : null;
    let n = 0;
    for (const title of new Set([...docs.keys(), ...(before ? before.keys() : [])])) {
      const list = [], v = docs.get(title), w = before && before.get(title);
      if (before && v && w) n += exactDifference(w, v, 0, null, '', list);
      else { exactLines(v || w, 0, !before ? 'same' : v ? 'add' : 'del', null, '', list); n += before ? list.length : 0; }
      this.box.append(element('h3', '', title), this.lines(list, !!before));
    }
    if (before) this.box.append(element('p', 'faint', n ? n + ' lines differ' : 'no difference'));
  }
}

const KNOWN = new Set(['call', 'return', 'complete', 'event', 'stdio', 'frame', 'dll', 'n', 't', 'thread', 'args', 'hr', 'out', 'pending', 'result', 'process', 'of', 'on', 'data',
  'stream', 'text', 'base64', 'end', 'from', 'id', 'document', 'broken', 'exact']);
