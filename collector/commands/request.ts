import { setTimeout as pause } from 'node:timers/promises';
import { jsonLine, printable } from '@certherd/command-line/printable';
import type { RequestView } from '../serve/request-view.ts';
import { account } from './account.ts';
import { servedAnswer } from './ask-serving.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { requireData } from './directory.ts';
import { parseDuration } from './duration.ts';

export interface RequestOptions extends JsonOptions {
  host?: string | undefined;
  reason?: string | undefined;
  within?: string | undefined;
  key?: string | undefined;
  wait?: boolean;
}

const verbs = ['rescan', 'verify', 'reload', 'renew', 'restore', 'rehearse'];
const lookMs = 300;

/** `request VERB [SUBJECT]`: asks something of a host, through the serving process. The host's own policy has the last word, and its answer is shown. */
export async function request(
  verb: string,
  subject: string | undefined,
  options: RequestOptions,
  console: Console,
): Promise<number> {
  const wrong = mistakeIn(verb, options);
  if (wrong !== undefined) {
    console.complain(wrong);
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const { dataDirectory } = config;
  if (config.store === undefined) requireData(dataDirectory);
  const { host, reason, key } = options;
  const withinSeconds = (parseDuration(options.within ?? '10m') ?? 0) / 1000;
  const wish = { host, verb, subject, requester: account(process.env), reason, key, withinSeconds };
  let view = await servedAnswer<RequestView>(dataDirectory, 'POST', '/requests', wish);
  const inHand = () => view.state === 'waiting' || view.state === 'sent';
  if (options.wait && inHand() && !options.json) console.complain(worded(view));
  while (options.wait && inHand()) {
    await pause(lookMs);
    view = await servedAnswer<RequestView>(dataDirectory, 'GET', `/requests/${view.id}`);
  }
  console.print(options.json ? jsonLine({ version: 1, ...view }) : worded(view));
  return view.state === 'failed' || view.state === 'refused' || view.state === 'late' ? exitCodes.failed : exitCodes.ok;
}

function mistakeIn(verb: string, { host, reason, within }: RequestOptions): string | undefined {
  if (!verbs.includes(verb)) return `expected one of ${verbs.join(', ')}, found ${JSON.stringify(verb)}`;
  if (!host) return '--host: say which host: its name, or its agent id where several have that name (host list)';
  if (!reason?.trim()) return '--reason: say why, for the history: --reason "the key leaked"';
  const span = parseDuration(within ?? '10m');
  if (span === undefined || span > 86_400_000)
    return `--within: expected a time up to 1d, as 10m, found ${JSON.stringify(within)}`;
  return undefined;
}

function worded(view: RequestView): string {
  const { verb, subject, hostName, until, refused, summary = '' } = view;
  const what = printable(`${verb} ${subject.id}${subject.kind === 'host' ? '' : ` on ${hostName}`}`);
  switch (view.state) {
    case 'waiting':
      return `${what}: waits for its host to connect, until ${until} (request ${view.id})`;
    case 'sent':
      return `${what}: sent, no answer yet (request ${view.id})`;
    case 'late':
      return `${what}: no answer came, and it may not be begun any more since ${until} (request ${view.id})`;
    case 'refused':
      return `${what}: refused by the host (${printable(refused ?? '')}): ${printable(summary)}`;
    default:
      return `${what}: ${view.state}: ${printable(summary)}`;
  }
}
