import { aligned } from '@certherd/command-line/layout';
import { jsonLine, printable } from '@certherd/command-line/printable';
import type { Incident } from '../store/tell.ts';
import { byCommand } from './by-command.ts';
import { account } from './account.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { storeOf } from './database.ts';

/** `incidents`: those that are open, the oldest first. */
export async function listIncidents(options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const incidents = await store.telling.incidents();
  await store.close();
  if (options.json) console.print(jsonLine({ version: 1, items: incidents.map(incidentView) }));
  else if (incidents.length === 0) console.print('Nothing that was told is open.');
  else for (const line of tableOf(incidents)) console.print(line);
  return exitCodes.ok;
}

/** `ack INCIDENT --reason TEXT`. Beside a serving collector too, which tells the others. */
export async function acknowledge(
  id: string,
  options: JsonOptions & { reason?: string | undefined },
  console: Console,
): Promise<number> {
  const reason = options.reason?.trim() ?? '';
  if (reason === '' || reason.length > 500) {
    console.complain('--reason: say what is done about it, in at most 500 characters: --reason "reload at noon"');
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const incident = await store.telling.findIncident(id);
    if (!incident || incident.closedAt !== undefined) {
      const what = incident ? 'is over' : 'is no incident';
      console.complain(`${JSON.stringify(id)} ${what}: certherd-collector incidents lists those that are open`);
      return exitCodes.failed;
    }
    const said = { by: account(process.env), reason, at: console.clock.now(), severity: incident.told.severity };
    const entry = byCommand(console, 'incident-acknowledged', id, { reason });
    const kept = await store.telling.acknowledge(id, said, entry);
    if (!kept.ok) throw notWritten(config, kept.failure);
    const at = new Date(said.at).toISOString();
    console.print(
      options.json
        ? jsonLine({ version: 1, incident: id, by: said.by, reason, at })
        : 'It is yours: nobody else is called, unless it gets worse.',
    );
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

/** `ack INCIDENT --give-back`: it is told, repeated and escalated as if nobody had taken it on. */
export async function giveBack(
  id: string,
  options: JsonOptions & { reason?: string | undefined },
  console: Console,
): Promise<number> {
  if (options.reason !== undefined) {
    console.complain('--give-back keeps no reason: leave --reason away, or take it on with --reason alone');
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const entry = byCommand(console, 'incident-taken-back', id);
    const kept = await store.telling.takeBack(id, entry);
    if (!kept.ok) throw notWritten(config, kept.failure);
    if (!kept.value) {
      console.complain(`${JSON.stringify(id)}: nobody has it, or it is over: certherd-collector incidents lists them`);
      return exitCodes.failed;
    }
    const { actor: by, at } = entry;
    console.print(
      options.json
        ? jsonLine({ version: 1, incident: id, by, at: instant(at) })
        : "It is nobody's again: who heard that it was yours is told so, and it is told as before.",
    );
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

function incidentView({ id, rule, openedAt, told, acknowledged }: Incident): object {
  return {
    id,
    rule,
    openedAt: instant(openedAt),
    toldAt: instant(told.lastAt),
    messages: told.count,
    channels: told.channels,
    message: JSON.parse(told.message),
    ...(acknowledged && {
      acknowledged: { by: acknowledged.by, reason: acknowledged.reason, at: instant(acknowledged.at) },
    }),
  };
}

function tableOf(incidents: readonly Incident[]): string[] {
  const rows = incidents.map(({ id, openedAt, told, acknowledged }) => {
    const { title = '' }: { title?: string } = JSON.parse(told.message);
    const taken = acknowledged ? printable(`${acknowledged.by}: ${acknowledged.reason}`) : 'nobody';
    return [
      id,
      told.severity,
      printable(title),
      instant(openedAt).slice(0, 16).replace('T', ' '),
      told.channels.join(', '),
      taken,
    ];
  });
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  return aligned(
    [['INCIDENT', 'SEVERITY', 'WHAT', 'SINCE', 'TOLD TO', 'TAKEN ON BY'], ...rows].map((row) =>
      row.map((text) => ({ text })),
    ),
    { ...(columns !== undefined && { columns }), flexible: 2, ellipsis: '…' },
  );
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
