// SPDX-License-Identifier: MIT
// A trace as heads (a call with its answer, a message with its response, an event, a piece of output) and the lanes they
// stand in. Lines stay texts; only what is drawn and listed is taken out of them.

const PLUMBING = /^Hcs(Create|Close|Cancel|WaitFor|Get|Set|AddResourceTo)Operation|^Hcs(Un)?[Rr]egister|^HcsSet(ComputeSystem|Process)Callback/;
const STREAMS = ['stdin', 'stdout', 'stderr'];

function readTrace(text) {
  const lines = text.split('\n');
  while (lines.length && !lines[lines.length - 1]) lines.pop();
  return lines;
}

function handlesOf(args) {
  const found = [];
  for (const key in args)
    if (typeof args[key] === 'string' && /^[a-z]+\/\d+$/.test(args[key]) && !args[key].startsWith('operation/')) found.push(args[key]);
  found.sort((a, b) => a.startsWith('process/') ? -1 : b.startsWith('process/') ? 1 : a.startsWith('callback/') ? 1 : 0);
  return found;
}

function codeNumber(hr) { return typeof hr === 'number' ? hr >>> 0 : hr ? parseInt(hr, 16) >>> 0 : 0; }
function codeFailed(code) { return code >= 0x80000000; }

// What a call says at a glance.
function glance(name, args) {
  const bits = [];
  for (const key of ['id', 'method', 'path', 'processId', 'name'])
    if (args[key] !== undefined && args[key] !== null && typeof args[key] !== 'object') bits.push(String(args[key]));
  const d = args.configuration || args.parameters || args.settings || args.object || args.query;
  if (d && typeof d === 'object') {
    for (const key of ['Owner', 'CommandLine', 'RequestType', 'ResourcePath', 'Name', 'Type', 'PropertyTypes', 'HostedSystem'])
      if (d[key] !== undefined && typeof d[key] !== 'object') bits.push(String(d[key])); else if (Array.isArray(d[key])) bits.push(d[key].join(' '));
  }
  return bits.join(' ').slice(0, 200);
}

function readHeads(lines) {
  const heads = [], calls = new Map(), requests = new Map(), operations = new Map();
  let header = {}, last = 0;
  for (let i = 0; i < lines.length; i++) {
    let r;
    try { r = JSON.parse(lines[i]); } catch { continue; }
    if (i === 0 && r.trace) { header = r; continue; }
    const t = r.t || 0;
    last = Math.max(last, t);
    if (r.call !== undefined) {
      const args = r.args || {}, on = handlesOf(args);
      const h = {line: i, t, end: null, settled: null, kind: 'call', name: r.call, thread: r.thread || 0, on: on[0] || '', all: on, code: null,
        failed: false, parts: [i], text: glance(r.call, args), plumbing: PLUMBING.test(r.call), pending: false, made: ''};
      calls.set(r.n, h);
      if (args.operation && !h.plumbing) operations.set(args.operation, h);
      heads.push(h);
    } else if (r.return !== undefined || r.complete !== undefined) {
      const h = r.return !== undefined ? calls.get(r.return) : calls.get(r.of) || operations.get(r.complete);
      if (!h) continue;
      h.parts.push(i);
      if (r.return !== undefined) {
        h.end = t;
        h.pending = !!r.pending;
        const made = handlesOf(r.out || {});
        if (made.length) { h.made = made[0]; h.all = [...h.all, ...made]; }
      }
      if (!r.pending) { h.code = codeNumber(r.hr); h.settled = t; h.failed = codeFailed(h.code); }
    } else if (r.event !== undefined) {
      heads.push({line: i, t, end: t, settled: t, kind: 'event', name: r.event, thread: 0, on: r.on || '', all: [r.on], code: r.hr ? codeNumber(r.hr) : null,
        failed: codeFailed(codeNumber(r.hr)), parts: [i], text: r.data ? JSON.stringify(r.data).slice(0, 200) : '', made: ''});
    } else if (r.stdio !== undefined) {
      heads.push({line: i, t, end: t, settled: t, kind: 'stdio', name: r.stream, thread: 0, on: r.stdio, all: [r.stdio], code: null, failed: false,
        parts: [i], text: r.text !== undefined ? r.text.slice(0, 200) : r.base64 ? '(binary) ' + r.base64.slice(0, 60) : r.end ? '(end)' : '', made: ''});
    } else if (r.frame !== undefined) {
      const key = r.on + ' ' + r.id, d = r.document && typeof r.document === 'object' ? r.document : {};
      const request = r.from === 'guest' && r.frame.startsWith('Response(') ? requests.get(key) : null;
      if (request) {
        request.parts.push(i);
        request.end = request.settled = t;
        request.code = codeNumber(d.Result || 0);
        request.failed = codeFailed(request.code);
        continue;
      }
      const h = {line: i, t, end: r.from === 'guest' ? t : null, settled: r.from === 'guest' ? t : null, kind: 'frame', name: r.frame, thread: 0, on: r.on, all: [r.on], code: null,
        failed: !!r.broken, parts: [i], text: (d.ContainerId ? String(d.ContainerId).slice(0, 12) + ' ' : '') + (r.broken ? 'no whole frame' : ''), made: '',
        container: String(d.ContainerId || ''), guest: r.from === 'guest'};
      if (r.from !== 'guest') requests.set(key, h);
      heads.push(h);
    } else {
      heads.push({line: i, t, end: t, settled: t, kind: 'other', name: Object.keys(r)[0] || '?', thread: 0, on: '', all: [], code: null, failed: false, parts: [i],
        text: '', made: ''});
    }
  }
  heads.forEach((h, i) => { h.index = i; });
  return {header, heads, last};
}

// Objects in the order in which they appear, what was made through one below it; then threads.
function makeLanes(heads) {
  const byName = new Map(), threads = new Map(), parent = new Map(), order = [];
  const lane = (map, name, list) => {
    let l = map.get(name);
    if (!l) { l = {name, heads: [], depth: 0, thread: map === threads}; map.set(name, l); list.push(l); }
    return l;
  };
  const threadOrder = [];
  for (const h of heads) {
    const names = new Set(h.all.filter(Boolean));
    if (h.plumbing && names.size === 0) { /* only on its thread */ } else if (names.size === 0) names.add(h.kind === 'call' ? 'the service' : 'others');
    if (h.made && h.on && h.made !== h.on) parent.set(h.made, h.on);
    if (h.kind === 'frame' && h.container) { names.clear(); names.add(h.on + ' ' + h.container); lane(byName, h.on, order); parent.set(h.on + ' ' + h.container, h.on); }
    for (const n of names) lane(byName, n, order).heads.push(h.index);
    if (h.kind === 'call') lane(threads, 'thread ' + h.thread, threadOrder).heads.push(h.index);
  }
  for (const name of byName.keys()) // the bridge of a machine has its number
    if (name.startsWith('bridge/') && byName.has('system/' + name.slice(7))) parent.set(name, 'system/' + name.slice(7));
  const children = new Map();
  for (const l of order) {
    const p = parent.get(l.name);
    if (p && byName.has(p)) { if (!children.has(p)) children.set(p, []); children.get(p).push(l); l.child = true; }
  }
  const lanes = [];
  const put = (l, depth) => {
    if (l.put) return;
    l.put = true;
    l.depth = depth;
    lanes.push(l);
    for (const c of children.get(l.name) || []) put(c, depth + 1);
  };
  for (const l of order) if (!l.child) put(l, 0);
  for (const l of order) put(l, 0); // a ring of parents
  threadOrder.sort((a, b) => Number(a.name.slice(7)) - Number(b.name.slice(7)));
  return [...lanes, ...threadOrder];
}
