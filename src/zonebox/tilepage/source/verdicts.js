// Colours of verdicts, the same as in the tiles' style files.
export const COLOURS = { PASS: '#469650', MARGINAL: '#f0961e', FAIL: '#d62728', NOT_CHECKED: '#8c78a0', NONE: '#b4b8bc' };

// Name of the property that carries a verdict among a class's declared properties; null where there is none.
export function verdictProperty(properties) {
  return Object.keys(properties).find(id => properties[id].type === 'ENUM' && properties[id].enumType === 'verdict') ?? null;
}
