// Interleaved rounds of several candidates, and the table of their rates.
import { print, ratio, shown, spread } from './figures.mjs';

/**
 * Measures all in turn, in every round: what disturbs the machine for a while disturbs all. Every second round goes
 * backwards. Returns the runs of each.
 */
export async function rounds(tools, measure) {
  const runs = measure.map(() => []);
  for (let round = 0; round < tools.rounds; round++) {
    const order = [...measure.keys()];
    for (const index of round % 2 ? order.reverse() : order) runs[index].push(await measure[index](round));
  }
  return runs;
}

/** Answers for each second of the server's processor time. */
export function rates(runs) {
  return runs.map(({ rate }) => rate);
}

export function printRates(candidates, runs, base, of = 'of the limit') {
  const whole = values => shown(Math.round(spread(values).median));
  const rows = candidates.map(({ name }, index) => {
    const its = runs[index];
    const share = ratio(rates(its), base);
    const idle = spread(its.map(run => run.idle)).median;
    return [
      name, share.median.toFixed(3), `${share.low.toFixed(3)} – ${share.high.toFixed(3)}`,
      whole(rates(its)), whole(its.map(run => run.perSecond)), `${Math.round(idle * 100)} %`,
    ];
  });
  print(['', of, 'spread', 'per CPU second', 'per second', 'core idle'], rows, 1);
}

export async function stopAll(candidates) {
  for (const candidate of candidates) await candidate.stop();
}
