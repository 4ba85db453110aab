import { checkedJson } from '../formats/checked-json.ts';
import { Status, statusFile } from '../status.ts';
import { isLocked } from '../system/lock.ts';
import { systemState } from '../system/state.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';
import { printable, printableJson } from '@certherd/command-line/printable';
import { span } from '@certherd/command-line/span';
import { type Terminal, terminalOf } from '@certherd/command-line/terminal';

/** What the daemon of this host last said of itself. Exit 0 while it runs, else 1. */
export function statusCommand({ config }: Context, options: { json: boolean }): number {
  const stored = systemState(config.stateDirectory).read(statusFile);
  if (!stored.ok) {
    writeError(
      `${config.stateDirectory} cannot be read (${stored.failure.reason}): run as root, or name the config with --config`,
    );
    return exitCodes.failed;
  }
  if (stored.value === undefined) {
    writeError(`no agent has run with ${config.stateDirectory}: start it with certherd-agent run`);
    return exitCodes.failed;
  }
  const status = checkedJson(stored.value, Status);
  if (!status) {
    writeError(`${config.stateDirectory}/${statusFile} is damaged: a running agent writes it again at its next look`);
    return exitCodes.failed;
  }
  const running = isLocked(config.stateDirectory, 'run');
  writeLine(
    options.json
      ? printableJson({ ...status, running })
      : worded(status, running, Date.now(), terminalOf(process.stdout, process.env)),
  );
  return running ? exitCodes.ok : exitCodes.failed;
}

function worded(status: Status, running: boolean, now: number, { colours }: Terminal): string {
  const ago = (at: string | undefined) => (at ? `${span(now - Date.parse(at))} ago` : 'not yet');
  const { endpoints, findings, collector, askedAt } = status;
  const since =
    askedAt && endpoints && endpoints.total > 0 ? `, each asked within ${span(now - Date.parse(askedAt))}` : '';
  const rows: [string, string][] = [
    [
      'agent',
      running
        ? `${colours.green('running')} as pid ${status.pid}, since ${span(now - Date.parse(status.startedAt))}`
        : `${colours.red(`not running (was pid ${status.pid})`)}: it was as below; certherd-agent doctor says what mends it`,
    ],
    ['host', `${printable(status.host)}, version ${status.agentVersion}, mode ${status.mode}`],
    ['last look', `${ago(status.lookedAt)}${running && status.nextLookAt ? `, next at ${status.nextLookAt}` : ''}`],
    [
      'endpoints',
      endpoints ? `${endpoints.served} of ${endpoints.total} present what is configured${since}` : 'not looked at yet',
    ],
    [
      'findings',
      findings
        ? Object.entries(findings)
            .map(([severity, count]) => `${count} ${severity}`)
            .join(', ')
        : 'not judged yet',
    ],
    ['collector', collectorWords(collector, now, colours)],
    ['events', status.eventsWaiting === 0 ? 'all delivered' : `${status.eventsWaiting} wait for the collector`],
  ];
  return rows.map(([name, value]) => `${colours.dim(name.padEnd(10))} ${value}`).join('\n');
}

function collectorWords(collector: Status['collector'], now: number, colours: Terminal['colours']): string {
  switch (collector.state) {
    case 'not-enrolled':
      return 'not enrolled (certherd-agent enroll JOIN)';
    case 'waiting':
      return `${colours.yellow('not connected')} to ${collector.authority} (${printable(collector.why)}), next try in ${span(collector.until - now)}`;
    case 'connecting':
      return `connecting to ${collector.authority}`;
    case 'connected':
      return `${colours.green('connected')} to ${collector.authority}`;
  }
}
