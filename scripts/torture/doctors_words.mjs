// F4: what `handstamp doctor` says of standbys that are demanded, that are not, that are away, and that a role may not see.

/** Resolves to what it says in each case, and whether that is right. */
export async function askDoctor(database, server) {
  const { primary, standby } = database;
  // The role of the server, without the rights of a superuser.
  await primary.query('CREATE ROLE plain LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain');
  const plain = database.direct.replace('://handstamp@', '://plain@');
  const demanded = ask(server, 'demanded', database.direct, 'ok', '1 of 1 have each commit');
  const unseen = ask(server, 'demanded, unseen by the role', plain, 'problem', 'GRANT pg_read_all_stats TO plain');
  await primary.query('GRANT pg_read_all_stats TO plain');
  const seen = ask(server, 'demanded, and the role may see it', plain, 'ok', '1 of 1 have each commit');
  await primary.demand('');
  await primary.hasStandby('async');
  const asynchronous = ask(server, 'not demanded', database.direct, 'warning', 'can be missing');
  await standby.stop();
  await primary.demand('*');
  const away = ask(server, 'demanded, and away', database.direct, 'problem', 'demands 1 for each commit, but 0 stream');
  await standby.start();
  await primary.hasStandby('sync', 'quorum');
  return [demanded, unseen, seen, asynchronous, away];
}

function ask(server, standby, url, verdict, words) {
  const before = server.settings.DATABASE_URL;
  server.settings.DATABASE_URL = url;
  let findings;
  try {
    findings = server.run(['doctor', '--json'], '', 'ignore');
  } catch (problems) {
    // It has found a problem.
    findings = problems.stdout.toString();
  }
  server.settings.DATABASE_URL = before;
  const said = JSON.parse(findings).find(({ check }) => check === 'standbys');
  const line = `${said.verdict}: ${said.found}${said.fix ? `; ${said.fix}` : ''}`;
  return { standby, line, right: said.verdict === verdict && line.includes(words) };
}
