// The rows that the reports of torture.mjs and torture_failover.mjs share.

/** What one kind of storm has seen. */
export function rowsOf({ kind, seen, firstAnswers }) {
  const rows = [
    [`   acknowledged ${kind}`, seen.acknowledged],
    ['      sessions that were judged by them', seen.sessions],
    ['      LOST', different(seen.lost), seen.lost],
    ['      unknown: sent, no answer', seen.unknown],
  ];
  if (!firstAnswers) return [...rows, ['      given two successors', different(seen.unstable), seen.unstable]];
  const answers = [...firstAnswers.values()];
  const alive = answers.filter(answer => answer === '200').length;
  return [
    ...rows,
    ['         ended / alive after the restart', `${answers.length - alive} / ${alive}`],
    ['         answered in two ways', different(seen.unstable), seen.unstable],
    ['         only some ended', different(seen.torn), seen.torn],
  ];
}

/** The number of sessions: each may have been seen more than once. */
export function different(sightings) {
  return new Set(sightings.map(({ sid }) => sid)).size;
}
