import { join } from 'node:path';
import { certbotRehearsal } from '../../decide/command-line.ts';
import { certbotFailure } from '../../formats/certbot-failure.ts';
import { ownRunIn } from '../../formats/certbot-log.ts';
import { runInTurn } from '../certbot.ts';
import { hooksAround } from './certbot-files.ts';
import { type Check, passed, untold, wouldFail } from './check.ts';

const logBytes = 256 * 1024;

/** What the staging CA or the moment is to blame for. */
const notOfThisHost: readonly string[] = ['busy', 'rate-limited', 'timed-out', 'ca-failed'];

/** Does the staging CA answer at all? That it does not is no fault of this host's. */
export const stagingServer: Check = async ({ config, ports }) => {
  const { stagingServer: url = '' } = config.certbot;
  const answer = await ports.rehearsal.webGet({ url, timeoutMs: 10_000 });
  if (!answer.ok) return untold('connection', `${url}: ${answer.failure.detail}`);
  return answer.value.status === 200 && answer.value.body.includes('newOrder')
    ? passed()
    : untold('connection', `${url} gives status ${answer.value.status}, and no ACME directory`);
};

/**
 * certbot's own dry run with the staging CA: it registers an account there, has every name validated anew, and writes
 * neither the lineage nor its config. Deploy hooks are not run; pre and post hooks would be, so with one it is left out. Until `turnBy` it
 * is tried again where another certbot is faster; at `deadline` it is ended (both on the monotonic clock).
 */
export const dryRun =
  (limits: { turnBy: number; deadline: number }): Check =>
  async (rehearsed) => {
    const { lineage, config, ports } = rehearsed;
    const { certbot } = config;
    const [hook] = hooksAround(rehearsed);
    if (hook !== undefined) return passed(`left out: certbot would run ${hook} around it`);
    if (ports.clock.monotonic() >= limits.deadline)
      return untold('timed-out', 'the checks before it took all the time');
    const end = await runInTurn(certbotRehearsal(config, lineage.name), config, ports, limits);
    if (!end.ok) return untold('program-absent', end.failure.detail);
    const { exitCode, timedOut, output } = end.value;
    if (exitCode === 0) return passed();
    if (timedOut || exitCode === undefined)
      return untold(
        'timed-out',
        `certbot was ended before its end; the deadline is ${Math.round(certbot.deadlineMs / 1000)} s`,
      );
    const log = ports.logEnd(join(certbot.logsDirectory, 'letsencrypt.log'), logBytes);
    const ran = log.ok ? ownRunIn(log.value.text, lineage.name, '--dry-run') : '';
    const { reason, detail } = certbotFailure(output, ran, ports.clock.now());
    return notOfThisHost.includes(reason) ? untold(reason, detail) : wouldFail(reason, detail);
  };
