// The report of torture_cluster.mjs.

/** Prints the rows: what, the figure, and for a verdict whether it is good and what was demanded or found. Returns whether all are. */
export function report(rows) {
  const width = Math.max(...rows.map(([what]) => what.length)) + 2;
  console.log('');
  for (const [what, figure, good, details] of rows) {
    const verdict = good === undefined ? '' : good ? 'ok' : 'FAILED';
    console.log(`${what.padEnd(width)} ${String(figure).padEnd(28)} ${verdict}`.trimEnd());
    if (good === false) console.log(typeof details === 'string' ? `   demanded: ${details}` : details?.slice(0, 10));
  }
  const failed = rows.filter(([, , good]) => good === false).length;
  if (failed > 0) console.error(`torture: ${failed} verdicts failed`);
  return failed === 0;
}
