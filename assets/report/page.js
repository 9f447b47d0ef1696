// Highlights related items in all pictures and tables, and makes the time axis zoomable. The page is complete without this script.
'use strict';
(() => {
	const all = (selector, within = document) => [...within.querySelectorAll(selector)];
	const things = new Map();
	for (const thing of all('[data-key]')) {
		for (const name of new Set([thing.dataset.key, thing.dataset.of])) {
			if (name) things.set(name, [...(things.get(name) || []), thing]);
		}
	}
	let lit = [];
	const light = (thing) => {
		lit.forEach((one) => one.classList.remove('lit'));
		lit = [];
		document.body.classList.toggle('pointing', !!thing);
		if (!thing) return;
		const { key, of } = thing.dataset;
		const same = (things.get(key) || []).concat((things.get(of) || []).filter((other) => other.dataset.key === of));
		lit = [...new Set([thing, ...same])];
		lit.forEach((one) => one.classList.add('lit'));
		const said = lit.map((one) => one.getAttribute('aria-label')).find(Boolean);
		if (said) all('.facts').forEach((facts) => { facts.textContent = said; });
	};
	const thingAt = (event) => event.target.closest && event.target.closest('[data-key]:not([data-key=""])');
	let held = null;
	document.addEventListener('pointerover', (event) => light(thingAt(event) || held));
	document.addEventListener('focusin', (event) => light(held = thingAt(event)));
	document.addEventListener('keydown', (event) => {
		const thing = thingAt(event);
		if (event.key === 'Escape') light(held = null);
		if (!thing || event.shiftKey || !['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
		const row = all('.thing', thing.ownerSVGElement || thing.parentNode).filter((one) => !one.classList.contains('away'));
		const next = row[row.indexOf(thing) + (event.key === 'ArrowRight' ? 1 : -1)];
		if (next && next.focus) { next.focus(); event.preventDefault(); }
	});

	const SVG = 'http://www.w3.org/2000/svg';
	const make = (parent, name, attributes, text) => {
		const element = document.createElementNS(SVG, name);
		for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
		if (text) element.textContent = text;
		return parent.appendChild(element);
	};
	const number = (element, name) => parseFloat(element.getAttribute(name));

	class Timeline {
		constructor(figure) {
			this.svg = figure.querySelector('svg');
			this.axes = all('.axis', this.svg);
			const { left, width, length } = this.axes[0].dataset;
			Object.assign(this, { left: +left, width: +width, length: +length, from: 0, to: +length });
			const box = this.axes[0].querySelector('path').getBBox();
			this.lines = [box.y, box.y + box.height];
			this.label = number(this.axes[0].querySelector('text'), 'y');
			this.shapes = all('.thing', this.svg).map((thing) => this.read(thing));
			for (const line of all('.failing', this.svg)) this.shapes.push({ thing: line, bars: [], words: [], at: line.getBBox().x });
			this.tools(figure);
			this.choose();
		}
		read(thing) {
			const bars = all('rect', thing).filter((bar) => bar.hasAttribute('x') && !bar.classList.contains('paper'))
				.map((bar) => ({ bar, x: number(bar, 'x'), width: number(bar, 'width') }));
			const words = all('text', thing).filter((text) => number(text, 'x') >= this.left).map((text) => ({ text, x: number(text, 'x') }));
			const [at, end] = [thing.dataset.from, thing.dataset.to].map((instant) => this.left + this.width * instant / this.length);
			return { thing, bars, words, marks: all('path', thing), at, end };
		}
		px(x) { return this.left + ((x - this.left) / this.width * this.length - this.from) * this.width / (this.to - this.from); }
		shift(shape, x) {
			const to = this.px(x);
			shape.setAttribute('transform', `translate(${to - x} 0)`);
			shape.classList.toggle('away', to < this.left - 0.5 || to > this.left + this.width + 0.5);
		}
		show(from, to) {
			const least = this.length / 20000;
			const wide = Math.min(Math.max(to - from, least), this.length);
			this.from = Math.min(Math.max(0, from), this.length - wide);
			this.to = this.from + wide;
			this.draw();
		}
		zoom(factor, around = 0.5) {
			const at = this.from + (this.to - this.from) * around;
			this.show(at - (at - this.from) * factor, at + (this.to - at) * factor);
		}
		move(share) { const by = (this.to - this.from) * share; this.show(this.from + by, this.to + by); }
		draw() {
			const right = this.left + this.width;
			const whole = this.to - this.from >= this.length;
			for (const { thing, bars, words, marks, at, end } of this.shapes) {
				for (const { bar, x, width } of bars) {
					const begin = Math.max(this.left, this.px(x));
					const stop = Math.min(right, Math.max(this.px(x + width), this.px(x) + 1.5));
					bar.classList.toggle('away', stop <= begin);
					bar.setAttribute('x', begin);
					bar.setAttribute('width', Math.max(0, stop - begin));
				}
				if (bars.length) marks.forEach((mark) => this.shift(mark, end));
				else this.shift(thing, at);
				for (const { text, x } of words) this.place(text, x, bars, whole);
			}
			this.ticks();
		}
		place(text, x, bars, whole) {
			const ending = text.getAttribute('text-anchor') === 'end';
			const reach = bars.filter(({ bar }) => !bar.classList.contains('away'));
			text.classList.toggle('away', !reach.length);
			if (!reach.length) return;
			const [first, last] = [Math.min(...reach.map(({ x }) => x)), Math.max(...reach.map(({ x, width }) => x + width))];
			const at = whole ? x : ending ? this.px(first) + x - first : x >= last ? this.px(last) + x - last : Math.max(this.left, this.px(first)) + x - first;
			text.setAttribute('x', at);
			const long = text.getComputedTextLength();
			const [begin, end] = ending ? [at - long, at] : [at, at + long];
			text.classList.toggle('away', !whole && (begin < this.left || end > this.left + this.width));
		}
		ticks() {
			const [unit, nanos] = this.to < 1e6 ? ['µs', 1e3] : this.to < 1e10 ? ['ms', 1e6] : ['s', 1e9];
			let step = 1;
			for (let n = 0; this.width * step / (this.to - this.from) < 60; n += 1) step = [1, 2, 5][n % 3] * 10 ** Math.floor(n / 3);
			const decimals = Math.max(0, Math.ceil(Math.log10(nanos / step)));
			const axis = this.axes[0];
			axis.replaceChildren();
			for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
				const x = this.left + (at - this.from) * this.width / (this.to - this.from);
				make(axis, 'path', { class: 'grid', d: `M${x} ${this.lines[0]}V${this.lines[1]}` });
				const label = (at / nanos).toFixed(decimals) + (at + step > this.to ? ` ${unit}` : '');
				const near = x > this.left + this.width - 40;
				make(axis, 'text', { class: 'dim', x: near ? this.left + this.width : x, y: this.label, 'font-size': 11, 'text-anchor': near ? 'end' : 'middle' }, label);
			}
		}
		tools(figure) {
			const bar = document.createElement('div');
			bar.className = 'tools';
			const button = (label, act) => {
				const one = document.createElement('button');
				one.type = 'button';
				one.textContent = label;
				one.addEventListener('click', act);
				bar.append(one);
			};
			button('Zoom in', () => this.zoom(0.5));
			button('Zoom out', () => this.zoom(2));
			button('Earlier', () => this.move(-0.5));
			button('Later', () => this.move(0.5));
			button('All', () => this.show(0, this.length));
			figure.querySelector('figcaption').after(bar);
			const facts = document.createElement('p');
			facts.className = 'facts';
			facts.setAttribute('aria-live', 'polite');
			facts.textContent = 'Point at a bar or a packet for details and related items; drag across the timeline to zoom in.';
			figure.append(facts);
			figure.addEventListener('keydown', (event) => {
				const acts = { '+': () => this.zoom(0.5), '-': () => this.zoom(2), 0: () => this.show(0, this.length) };
				const act = acts[event.key] || (event.shiftKey && { ArrowLeft: () => this.move(-0.25), ArrowRight: () => this.move(0.25) }[event.key]);
				if (act && !event.ctrlKey && !event.metaKey) { act(); event.preventDefault(); }
			});
		}
		choose() {
			const x = (event) => {
				const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
				return Math.min(Math.max(point.x, this.left), this.left + this.width);
			};
			let start = null;
			let shade = null;
			this.svg.addEventListener('pointerdown', (event) => {
				if (event.button !== 0 || event.pointerType === 'touch') return;
				start = x(event);
				shade = make(this.svg, 'rect', { class: 'choosing', y: this.lines[0], height: this.lines[1] - this.lines[0], width: 0 });
			});
			this.svg.addEventListener('pointermove', (event) => {
				if (start === null) return;
				shade.setAttribute('x', Math.min(start, x(event)));
				shade.setAttribute('width', Math.abs(x(event) - start));
			});
			addEventListener('pointerup', (event) => {
				if (start === null) return;
				const at = (px) => this.from + (px - this.left) * (this.to - this.from) / this.width;
				const [from, to] = [Math.min(start, x(event)), Math.max(start, x(event))];
				start = null;
				shade.remove();
				if (to - from > 6) this.show(at(from), at(to));
			});
		}
	}
	all('figure.timeline').forEach((figure) => {
		if (!figure.querySelector('.axis path')) return;
		const details = figure.closest('details');
		// A hidden element has no measurable size.
		if (details && !details.open) details.addEventListener('toggle', () => new Timeline(figure), { once: true });
		else new Timeline(figure);
	});

	for (const table of all('table.sortable')) {
		all('thead th', table).forEach((head, column) => {
			const button = document.createElement('button');
			button.type = 'button';
			button.textContent = head.textContent;
			head.replaceChildren(button);
			button.addEventListener('click', () => {
				const way = head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
				all('th', table.tHead).forEach((other) => other.removeAttribute('aria-sort'));
				head.setAttribute('aria-sort', way);
				const value = (row) => { const cell = row.cells[column]; return cell.dataset.sort === undefined ? cell.textContent : +cell.dataset.sort; };
				const order = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)));
				const rows = [...table.tBodies[0].rows].sort((a, b) => order(value(a), value(b)) * (way === 'ascending' ? 1 : -1));
				table.tBodies[0].append(...rows);
			});
		});
	}
})();
