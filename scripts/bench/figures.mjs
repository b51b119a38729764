// The figures of all parts: medians with their spread, tables, and goals that are met or missed.

const goals = [];

/** The median of several values, the lowest and the highest. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, low: sorted[0], high: sorted.at(-1) };
}

/** The spread of the quotients of two series, round by round. */
export function ratio(series, base) {
  return spread(series.map((value, round) => value / base[round]));
}

export function atLeast(bound, what, figure, unit = '') {
  note(what, figure, unit, `≥ ${shown(bound, unit)}`, figure.median >= bound);
}

export function atMost(bound, what, figure, unit = '') {
  note(what, figure, unit, `≤ ${shown(bound, unit)}`, figure.median <= bound);
}

function note(what, { median, low = median, high = median }, unit, bound, met) {
  const between = low === high ? '' : `${shown(low)} – ${shown(high)}`;
  const row = [met ? 'met' : 'MISSED', what, shown(median, unit), between, bound];
  goals.push({ row, met });
}

/** Prints the goals that were noted since the last time. Returns how many were missed. */
export function printGoals() {
  const noted = goals.splice(0);
  if (noted.length > 0) print(['', 'goal', 'figure', 'spread', 'wanted'], noted.map(({ row }) => row));
  return noted.filter(({ met }) => !met).length;
}

/** Prints a table. The first two columns begin at their left, the others end at their right. */
export function print(head, rows, left = 2) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => row[column].length)));
  const line = row => row.map((cell, column) => (column < left ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  console.log([head, ...rows].map(row => `  ${line(row)}`.trimEnd()).join('\n'));
}

export function shown(value, unit = '') {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })}${unit && ` ${unit}`}`;
}
