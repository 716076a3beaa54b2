// SPDX-License-Identifier: MIT
// JSON as it stands: numbers keep their digits, members their order. A value is {k: kind, ...}; documents in strings are
// seen as such. Then lines of text for the eye, and the same for two values side by side.

function exactParse(text) {
  let i = 0;
  const blanks = () => { while (i < text.length && text.charCodeAt(i) <= 32) i++; };
  const string = () => {
    const first = i++;
    while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
    i++;
    return JSON.parse(text.slice(first, i));
  };
  const value = () => {
    blanks();
    const c = text[i];
    if (c === '{') {
      const members = [];
      i++; blanks();
      while (text[i] !== '}') {
        if (text[i] === ',') { i++; blanks(); }
        const key = string();
        blanks(); i++;
        members.push([key, value()]);
        blanks();
      }
      i++;
      return {k: 'object', members};
    }
    if (c === '[') {
      const items = [];
      i++; blanks();
      while (text[i] !== ']') {
        if (text[i] === ',') i++;
        items.push(value());
        blanks();
      }
      i++;
      return {k: 'array', items};
    }
    if (c === '"') {
      const s = string();
      if (s[0] === '{' || s[0] === '[') {
        try { JSON.parse(s); return {k: 'embedded', text: s, inside: exactParse(s)}; } catch { /* a plain text */ }
      }
      return {k: 'string', text: s};
    }
    const first = i;
    while (i < text.length && !',}] \t\r\n'.includes(text[i])) i++;
    const word = text.slice(first, i);
    return {k: word[0] === '-' || (word[0] >= '0' && word[0] <= '9') ? 'number' : 'word', text: word};
  };
  return value();
}

function exactGet(v, key) {
  const m = v && v.k === 'object' && v.members.find((x) => x[0] === key);
  return m ? m[1] : null;
}

function exactText(v) { // one line, for comparing and for what is short
  switch (v.k) {
  case 'object': return '{' + v.members.map((m) => JSON.stringify(m[0]) + ':' + exactText(m[1])).join(',') + '}';
  case 'array': return '[' + v.items.map(exactText).join(',') + ']';
  case 'string': return JSON.stringify(v.text);
  case 'embedded': return exactText(v.inside);
  default: return v.text;
  }
}

// Lines {depth, parts: [[class, text]...], mark: 'same' | 'add' | 'del'}.
function exactLines(v, depth, mark, name, comma, out) {
  const head = name === null ? [] : [['k', JSON.stringify(name)], ['', ': ']];
  if (v.k === 'embedded') {
    head.push(['faint', 'in a string: ']);
    v = v.inside;
  }
  const children = v.k === 'object' ? v.members : v.k === 'array' ? v.items.map((x) => [null, x]) : null;
  if (!children || !children.length) {
    const cls = v.k === 'string' ? 's' : v.k === 'number' ? 'n_' : v.k === 'word' ? 'w' : '';
    out.push({depth, mark, parts: [...head, [cls, exactText(v)], ['', comma]]});
    return;
  }
  const [open, close] = v.k === 'object' ? ['{', '}'] : ['[', ']'];
  out.push({depth, mark, parts: [...head, ['', open]]});
  children.forEach((c, i) => exactLines(c[1], depth + 1, mark, c[0], i + 1 < children.length ? ',' : '', out));
  out.push({depth, mark, parts: [['', close + comma]]});
}

function exactSame(a, b) {
  if (a.k === 'embedded') a = a.inside;
  if (b.k === 'embedded') b = b.inside;
  if (a.k !== b.k) return false;
  if (a.k === 'object')
    return a.members.length === b.members.length && a.members.every((m) => { const o = exactGet(b, m[0]); return o && exactSame(m[1], o); });
  if (a.k === 'array') return a.items.length === b.items.length && a.items.every((x, i) => exactSame(x, b.items[i]));
  return a.text === b.text || (a.k === 'number' && Number(a.text) === Number(b.text) && String(Number(a.text)).length < 16);
}

// From `before` to `now`: what went is 'del', what came is 'add'. Returns the number of lines that differ.
function exactDifference(before, now, depth, name, comma, out) {
  if (before.k === 'embedded') before = before.inside;
  if (now.k === 'embedded') now = now.inside;
  if (exactSame(before, now)) {
    exactLines(now, depth, 'same', name, comma, out);
    return 0;
  }
  if (before.k !== now.k || (now.k !== 'object' && now.k !== 'array')) {
    const first = out.length;
    exactLines(before, depth, 'del', name, comma, out);
    exactLines(now, depth, 'add', name, comma, out);
    return out.length - first;
  }
  const head = name === null ? [] : [['k', JSON.stringify(name)], ['', ': ']];
  const [open, close] = now.k === 'object' ? ['{', '}'] : ['[', ']'];
  let n = 0;
  const only = (v, mark, key) => { const first = out.length; exactLines(v, depth + 1, mark, key, ',', out); n += out.length - first; };
  out.push({depth, mark: 'same', parts: [...head, ['', open]]});
  if (now.k === 'object') {
    for (const [key, v] of before.members) {
      const other = exactGet(now, key);
      if (other) n += exactDifference(v, other, depth + 1, key, ',', out); else only(v, 'del', key);
    }
    for (const [key, v] of now.members) if (!exactGet(before, key)) only(v, 'add', key);
  } else {
    const same = Math.min(before.items.length, now.items.length);
    for (let i = 0; i < same; i++) n += exactDifference(before.items[i], now.items[i], depth + 1, null, ',', out);
    before.items.slice(same).forEach((v) => only(v, 'del', null));
    now.items.slice(same).forEach((v) => only(v, 'add', null));
  }
  out.push({depth, mark: 'same', parts: [['', close + comma]]});
  return n;
}
