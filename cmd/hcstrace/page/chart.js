// SPDX-License-Identifier: MIT
// The lanes: one canvas as high as the window onto them, redrawn from the heads that can be seen.

const LANE = 22, AXIS = 26;

class Chart {
  constructor(view) {
    this.view = view; // heads, lanes, shown (by head), chosen
    this.canvas = document.getElementById('chart');
    this.box = document.getElementById('lanes');
    this.space = document.getElementById('lane-space');
    this.tip = document.getElementById('tip');
    this.byOrder = false;
    this.from = 0;
    this.to = 1;
    this.due = false;
    this.box.addEventListener('scroll', () => this.draw());
    this.canvas.addEventListener('wheel', (e) => this.wheel(e), {passive: false});
    this.canvas.addEventListener('mousedown', (e) => this.grab(e));
    this.canvas.addEventListener('mousemove', (e) => this.hover(e));
    this.canvas.addEventListener('mouseleave', () => { this.tip.hidden = true; });
    this.canvas.addEventListener('dblclick', () => this.fit());
    window.addEventListener('resize', () => this.draw());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  start(h) { return this.byOrder ? h.index : h.t; }
  stop(h) { return this.byOrder ? h.index + 0.8 : h.settled !== null ? Math.max(h.settled, h.end || 0) : this.view.last; }
  wait(h) { return this.byOrder || h.end === null || h.settled === null || h.settled <= h.end ? null : h.end; }
  extent() { return this.byOrder ? this.view.heads.length : this.view.last || 1; }
  fit() { const e = this.extent(); this.from = -e * 0.01; this.to = e * 1.02; this.draw(); }

  setLanes() { this.space.style.height = '0'; this.draw(); }

  zoom(factor, at) {
    const middle = at === undefined ? (this.from + this.to) / 2 : at, least = this.byOrder ? 2 : 100;
    const width = Math.min(Math.max((this.to - this.from) * factor, least), this.extent() * 1.2), share = (middle - this.from) / (this.to - this.from);
    this.from = middle - width * share;
    this.to = this.from + width;
    this.draw();
  }
  pan(share) { const d = (this.to - this.from) * share; this.from += d; this.to += d; this.draw(); }
  reveal(h) {
    const a = this.start(h), b = this.stop(h), width = this.to - this.from;
    if (b < this.from || a > this.to) { this.from = a - width / 3; this.to = this.from + width; }
    const lane = this.view.lanes.findIndex((l) => !l.hidden && l.visible && (h.made || h.on) && l.name === (h.on || h.made));
    if (lane >= 0) {
      const y = this.view.lanes[lane].row * LANE;
      if (y < this.box.scrollTop || y + LANE + AXIS > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = Math.max(0, y - this.box.clientHeight / 2);
    }
    this.draw();
  }

  draw() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => { this.due = false; this.paint(); });
  }

  colours() {
    const style = getComputedStyle(document.documentElement), get = (n) => style.getPropertyValue('--' + n).trim();
    const c = {};
    for (const n of ['paper', 'ink', 'faint', 'line', 'panel', 'chosen', 'call', 'wait', 'bad', 'event', 'output', 'frame', 'plumbing', 'other', 'stripe']) c[n] = get(n);
    return c;
  }

  x(v) { return this.left + (v - this.from) / (this.to - this.from) * (this.width - this.left); }

  paint() {
    const rows = this.view.lanes.filter((l) => l.visible);
    rows.forEach((l, i) => { l.row = i; });
    if (!this.sized) // few lanes need little room, until somebody moves the bar
      this.box.style.height = Math.min(rows.length * LANE + AXIS + 10, this.box.parentElement.clientHeight * 0.42) + 'px';
    const ratio = window.devicePixelRatio || 1, w = this.box.clientWidth, h = this.box.clientHeight, g = this.canvas.getContext('2d');
    this.width = w;
    this.left = Math.min(230, w * 0.3);
    this.rows = rows;
    if (this.canvas.width !== Math.round(w * ratio) || this.canvas.height !== Math.round(h * ratio)) {
      this.canvas.width = Math.round(w * ratio);
      this.canvas.height = Math.round(h * ratio);
      this.canvas.style.height = h + 'px';
    }
    this.space.style.height = Math.max(0, rows.length * LANE + AXIS + 8 - h) + 'px';
    const c = this.colours(), top = this.box.scrollTop;
    this.step = this.makeTicks();
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.fillStyle = c.paper;
    g.fillRect(0, 0, w, h);
    g.font = '12px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif';
    g.textBaseline = 'middle';
    const first = Math.max(0, Math.floor(top / LANE)), beyond = Math.min(rows.length, Math.ceil((top + h) / LANE));
    for (let i = first; i < beyond; i++) this.paintLane(g, c, rows[i], AXIS + i * LANE - top);
    this.paintNames(g, c, rows, first, beyond, top, h);
    this.paintAxis(g, c);
    this.canvas.dataset.painted = rows.length;
  }

  paintLane(g, c, lane, y) {
    const hs = this.view.heads;
    g.fillStyle = lane.row % 2 ? c.stripe : c.paper;
    g.fillRect(this.left, y, this.width - this.left, LANE);
    g.fillStyle = c.line;
    for (const [, x] of this.ticks) g.fillRect(x, y, 1, LANE);
    // Bars that end before the window may be long: the longest one so far says where to begin.
    let lo = 0, hi = lane.heads.length;
    while (lo < hi) { const m = (lo + hi) >> 1; if (this.start(hs[lane.heads[m]]) < this.from) lo = m + 1; else hi = m; }
    let k = lo, lookBack = 2000;
    while (k > 0 && lookBack-- > 0) k--;
    let lastX = -9, lastColour = '';
    for (; k < lane.heads.length; k++) {
      const h = hs[lane.heads[k]];
      if (!this.view.shown[h.index]) continue;
      const a = this.start(h), b = this.stop(h);
      if (a > this.to) break;
      if (b < this.from) continue;
      const x = Math.max(this.left, this.x(a)), x2 = Math.min(this.width, this.x(b)), chosen = this.view.chosen === h.index;
      const colour = h.failed ? c.bad : h.plumbing ? c.plumbing : h.kind === 'call' ? c.call : h.kind === 'event' ? c.event : h.kind === 'stdio' ? c.output
        : h.kind === 'frame' ? c.frame : c.other;
      if (!chosen && x2 - lastX < 0.6 && colour === lastColour) continue;
      lastX = Math.max(lastX, x2);
      lastColour = colour;
      if (h.kind === 'event') this.diamond(g, colour, x, y + LANE / 2);
      else if (h.kind === 'stdio') { g.fillStyle = colour; g.fillRect(x, y + LANE - 8, Math.max(1.5, 2), 5); }
      else {
        const wait = this.wait(h), width = Math.max(2, x2 - x - (x2 - x > 4 ? 1 : 0));
        g.fillStyle = wait !== null ? c.wait : colour;
        g.fillRect(x, y + 4, width, LANE - 8);
        if (wait !== null) { g.fillStyle = colour; g.fillRect(x, y + 4, Math.max(2, this.x(wait) - x), LANE - 8); }
        if (h.settled === null && !this.byOrder) this.open(g, c, x2, y);
        if (width > 46) this.label(g, h, wait !== null ? c.ink : c.paper, x, width, y);
      }
      const mark = this.view.state && this.view.state[h.index];
      if (mark) { g.fillStyle = mark === 'changed' ? c.event : mark === 'only' ? c.bad : c.frame; g.fillRect(x, y + 1, Math.max(4, Math.min(x2 - x, 200)), 2); }
      if (chosen) { g.strokeStyle = c.ink; g.lineWidth = 2; g.strokeRect(x - 1, y + 2, Math.max(5, x2 - x + 2), LANE - 4); }
    }
  }

  diamond(g, colour, x, y) {
    g.fillStyle = colour;
    g.beginPath(); g.moveTo(x, y - 6); g.lineTo(x + 5, y); g.lineTo(x, y + 6); g.lineTo(x - 5, y); g.fill();
  }
  open(g, c, x, y) { // no end in the trace
    g.strokeStyle = c.bad;
    g.lineWidth = 1.5;
    g.beginPath();
    for (let i = 0; i <= 4; i++) g.lineTo(x - (i % 2 ? 5 : 0), y + 4 + i * (LANE - 8) / 4);
    g.stroke();
  }
  label(g, h, colour, x, width, y) {
    g.save();
    g.beginPath(); g.rect(x, y, width - 4, LANE); g.clip();
    g.fillStyle = colour;
    g.fillText(h.name.replace(/^Hc[sn]/, ''), x + 5, y + LANE / 2 + 1);
    g.restore();
  }

  paintNames(g, c, rows, first, beyond, top, h) {
    g.fillStyle = c.panel;
    g.fillRect(0, 0, this.left, h);
    for (let i = first; i < beyond; i++) {
      const y = AXIS + i * LANE - top, l = rows[i];
      g.save();
      g.beginPath(); g.rect(0, y, this.left - 8, LANE); g.clip();
      g.fillStyle = l.thread ? c.faint : c.ink;
      g.font = (l.depth || l.thread ? '' : '600 ') + '12px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif';
      g.fillText(l.label || l.name, 10 + l.depth * 14, y + LANE / 2 + 1);
      g.restore();
      if (i && l.thread && !rows[i - 1].thread) { g.fillStyle = c.faint; g.fillRect(0, y, this.width, 1); }
    }
    g.fillStyle = c.line;
    g.fillRect(this.left - 1, 0, 1, h);
  }

  makeTicks() {
    const span = this.to - this.from, aim = span / Math.max(2, (this.width - this.left) / 110), power = 10 ** Math.floor(Math.log10(aim));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= aim) || power * 10;
    this.ticks = [];
    for (let v = Math.ceil(Math.max(this.from, 0) / step) * step; v <= this.to; v += step)
      if (this.x(v) >= this.left) this.ticks.push([v, this.x(v)]);
    return step;
  }

  paintAxis(g, c) {
    g.fillStyle = c.panel;
    g.fillRect(0, 0, this.width, AXIS);
    g.fillStyle = c.line;
    g.fillRect(0, AXIS - 1, this.width, 1);
    g.font = '11px system-ui, "Liberation Sans", "DejaVu Sans", sans-serif';
    for (const [v, x] of this.ticks) {
      g.fillStyle = c.line;
      g.fillRect(x, AXIS - 6, 1, 6);
      g.fillStyle = c.faint;
      g.fillText(this.byOrder ? String(Math.round(v)) : showTime(v, this.step), x + 4, AXIS / 2);
    }
    g.fillStyle = c.faint;
    g.fillText(this.byOrder ? 'in order' : 'time', 10, AXIS / 2);
  }

  at(e) {
    const box = this.canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top;
    const row = Math.floor((y - AXIS + this.box.scrollTop) / LANE), lane = y > AXIS && this.rows ? this.rows[row] : null;
    return {x, value: this.from + (x - this.left) / (this.width - this.left) * (this.to - this.from), lane, inNames: x < this.left};
  }
  find(p) {
    if (!p.lane || p.inNames) return null;
    const near = (this.to - this.from) / (this.width - this.left) * 5, hs = this.view.heads;
    let best = null, distance = Infinity;
    for (const i of p.lane.heads) {
      if (!this.view.shown[i]) continue;
      const a = this.start(hs[i]), b = this.stop(hs[i]);
      if (a > p.value + near) break;
      if (b < p.value - near) continue;
      const d = (b - a) + Math.max(0, a - p.value, p.value - b); // of several the shortest
      if (d <= distance) { best = hs[i]; distance = d; }
    }
    return best;
  }
  hover(e) {
    const p = this.at(e), h = e.buttons ? null : this.find(p);
    this.canvas.style.cursor = h ? 'pointer' : p.inNames ? 'default' : 'crosshair';
    this.tip.hidden = !h && !(p.inNames && p.lane);
    if (this.tip.hidden) return;
    this.tip.textContent = h ? sentence(h) : p.lane.name + (p.lane.label && p.lane.label !== p.lane.name ? ' \u2014 ' + p.lane.label : '');
    this.tip.style.left = Math.min(e.clientX + 14, innerWidth - 320) + 'px';
    this.tip.style.top = Math.min(e.clientY + 16, innerHeight - 80) + 'px';
  }
  grab(e) {
    const p = this.at(e), from = this.from, to = this.to;
    let moved = false;
    const move = (m) => {
      const d = (m.clientX - e.clientX) / (this.width - this.left) * (to - from);
      moved = moved || Math.abs(m.clientX - e.clientX) > 3;
      if (moved) { this.from = from - d; this.to = to - d; this.draw(); }
    };
    const up = () => {
      removeEventListener('mousemove', move);
      removeEventListener('mouseup', up);
      if (moved) return;
      const h = this.find(p);
      if (h) this.view.choose(h.index);
      else if (p.inNames && p.lane) this.view.search(p.lane.thread ? 'thread:' + p.lane.name.slice(7) : 'on:' + p.lane.name.split(' ')[0]);
    };
    addEventListener('mousemove', move);
    addEventListener('mouseup', up);
  }
  wheel(e) {
    if (!e.ctrlKey && !e.shiftKey && !e.metaKey && Math.abs(e.deltaX) <= Math.abs(e.deltaY)) return;
    e.preventDefault();
    if (e.ctrlKey || e.metaKey) this.zoom(e.deltaY > 0 ? 1.25 : 0.8, this.at(e).value);
    else this.pan((e.deltaX || e.deltaY) / 800);
  }
}

function showTime(ns, step) {
  const unit = step >= 1e8 ? [1e9, 's'] : step >= 1e6 ? [1e6, 'ms'] : step >= 1e3 ? [1e3, '\u00b5s'] : [1, 'ns'];
  return (ns / unit[0]).toLocaleString('en', {maximumFractionDigits: 1}) + ' ' + unit[1];
}
function showDuration(ns) {
  if (ns === null || ns === undefined) return '';
  const unit = ns >= 1e9 ? [1e9, 's'] : ns >= 1e6 ? [1e6, 'ms'] : ns >= 1e3 ? [1e3, '\u00b5s'] : [1, 'ns'];
  return (ns / unit[0]).toPrecision(3).replace(/\.?0+$/, '') + ' ' + unit[1];
}
