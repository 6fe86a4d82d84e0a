// The panel beside the view. Texts of the data reach it as text nodes only, so that they cannot become markup.
import { COLOURS } from './verdicts.js';
import { sunPosition } from './sun.js';
import { language, speak, word } from './words.js';

const id = name => document.getElementById(name);

function made(tag, parent, text = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
  return element;
}

export function say(text) {
  id('message').textContent = text;
}

export function showLayers(layers, changed) {
  for (const layer of layers) {
    const label = made('label', made('li', id('layers')));
    const box = made('input', label);
    Object.assign(box, { type: 'checkbox', checked: true, name: layer.name });
    made('span', label, word(layer.name));
    box.addEventListener('change', () => changed(layer, box.checked));
  }
}

export function showColours(changed) {
  const box = id('by-verdict');
  box.addEventListener('change', () => {
    id('legend').replaceChildren();
    for (const [verdict, colour] of box.checked ? Object.entries(COLOURS) : []) {
      const item = made('li', id('legend'));
      const swatch = made('span', item);
      swatch.className = 'swatch';
      swatch.style.backgroundColor = colour;
      item.append(word(verdict));
    }
    changed(box.checked);
  });
}

export function showEdges(changed) {
  id('edges')?.addEventListener('change', event => changed(event.target.checked));
}

// Date, hour and zone; `changed` hears the moment (ms, UTC), the sun's place and whether shadows are asked for.
export function showSun({ latitude, longitude }, changed) {
  speak();
  if (latitude === null) {
    id('sun-said').textContent = word('nowhere');
    for (const input of id('sunlight').querySelectorAll('input')) input.disabled = true;
    return changed(null, null, false);
  }
  const today = new Date();
  id('date').value = `${today.getFullYear()}-${String(today.getMonth() + 1).padStart(2, '0')}-${String(today.getDate()).padStart(2, '0')}`;
  id('hour').value = 10;
  id('zone').value = Math.round(longitude / 15);
  function told() {
    const [year, month, day] = id('date').value.split('-').map(Number);
    const hour = Number(id('hour').value);
    if (!year) return;
    const moment = Date.UTC(year, month - 1, day) + (hour - Number(id('zone').value)) * 3_600_000;
    const sun = sunPosition(moment, latitude, longitude);
    const clock = `${String(Math.floor(hour)).padStart(2, '0')}:${String(Math.round(hour % 1 * 60)).padStart(2, '0')}`;
    id('sun-said').textContent = sun.elevation > 0
      ? `${clock} · ${word('azimuth')} ${sun.azimuth.toFixed(1)}° · ${word('elevation')} ${sun.elevation.toFixed(1)}°`
      : `${clock} · ${word('below')}`;
    changed(moment, sun, id('shadows').checked);
  }
  for (const input of id('sunlight').querySelectorAll('input')) input.addEventListener('input', told);
  told();
}

// The features under the pointer, nearest first: [{ layer, values, declared }].
export function showPicked(hits, number = 0) {
  id('picked').hidden = hits.length === 0;
  id('hits').replaceChildren();
  id('properties').replaceChildren();
  hits.slice(0, 8).forEach((hit, k) => {
    const button = made('button', id('hits'), word(hit.layer));
    button.setAttribute('aria-pressed', String(k === number));
    button.addEventListener('click', () => showPicked(hits, k));
  });
  for (const [name, value] of Object.entries(hits[number]?.values ?? {})) {
    if (value === null || value === undefined || value === '') continue;
    const declared = hits[number].declared?.[name] ?? {};
    const row = made('tr', id('properties'));
    const head = made('th', row, (language === 'zh' ? declared.description : declared.name) ?? name);
    head.title = [name, declared.name, declared.description].filter(Boolean).join(' · ');
    made('td', row, said(value, declared.extras?.unit));
  }
}

function said(value, unit) {
  const text = typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value);
  return unit ? `${text} ${unit}` : text;
}
