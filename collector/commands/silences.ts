import { randomBytes } from 'node:crypto';
import { aligned } from '@certherd/command-line/layout';
import { jsonLine, printable } from '@certherd/command-line/printable';
import type { Silence, SilenceMatch } from '../store/tell.ts';
import { silenceDetail } from '../notify/silence-detail.ts';
import { byCommand } from './by-command.ts';
import { account } from './account.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { notWritten } from './directory.ts';
import { parseDuration } from './duration.ts';
import { storeOf } from './database.ts';
import { readLabels } from '../evaluate/label-words.ts';

export interface SilenceOptions extends JsonOptions {
  incident?: string | undefined;
  host?: string | undefined;
  name?: string | undefined;
  code?: string | undefined;
  label?: string | undefined;
  span?: string | undefined;
  reason?: string | undefined;
  end?: string | undefined;
}

/** `silence …`: one more, with an end; `silence --end ID` ends one now. */
export async function silence(options: SilenceOptions, console: Console): Promise<number> {
  const asked = options.end === undefined ? readSilence(options, console.clock.now()) : options.end;
  if (typeof asked !== 'string' && !('id' in asked)) {
    console.complain(asked.mistake);
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const { telling, close } = await storeOf(config, console);
  try {
    if (typeof asked === 'string') {
      const entry = byCommand(console, 'silence-ended', asked);
      const ended = await telling.endSilence(asked, console.clock.now(), entry);
      if (!ended.ok) throw notWritten(config, ended.failure);
      const says = ended.value ? 'It has ended.' : 'No such silence holds: certherd-collector silences lists them.';
      console.print(options.json ? jsonLine({ version: 1, id: asked, ended: ended.value }) : says);
      return ended.value ? exitCodes.ok : exitCodes.failed;
    }
    const detail = silenceDetail(asked);
    const kept = await telling.addSilence(asked, byCommand(console, 'silence-added', asked.id, detail));
    if (!kept.ok) throw notWritten(config, kept.failure);
    const view = silenceView(asked);
    console.print(
      options.json
        ? jsonLine({ version: 1, ...view })
        : `Silence ${asked.id} holds until ${view.until}. To end it: certherd-collector silence --end ${asked.id}`,
    );
    return exitCodes.ok;
  } finally {
    await close();
  }
}

/** `silences`: those that hold, the first to end first. */
export async function listSilences(options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const silences = await store.telling.silences(console.clock.now());
  await store.close();
  if (options.json) console.print(jsonLine({ version: 1, items: silences.map(silenceView) }));
  else if (silences.length === 0) console.print('No silence holds.');
  else for (const line of tableOf(silences)) console.print(line);
  return exitCodes.ok;
}

function readSilence(options: SilenceOptions, now: number): Silence | { mistake: string } {
  const { incident, host, name, code, label } = options;
  const labels = label === undefined ? undefined : readLabels(label);
  if (labels && !labels.ok) return { mistake: `--label: ${labels.failure}` };
  const match: SilenceMatch = {
    ...(incident !== undefined && { incident }),
    ...(host !== undefined && { host }),
    ...(name !== undefined && { name }),
    ...(code !== undefined && { code }),
    ...(labels?.ok && { labels: labels.value }),
  };
  if (Object.keys(match).length === 0)
    return { mistake: 'say what is to be silent: --incident, --host, --name, --code or --label' };
  const ms = parseDuration(options.span ?? '');
  if (ms === undefined) return { mistake: '--for: say how long, as --for 4h; at most 30d' };
  const reason = options.reason?.trim() ?? '';
  if (reason === '' || reason.length > 500)
    return { mistake: '--reason: say why, in at most 500 characters: --reason "move to another rack"' };
  return { id: randomBytes(4).toString('hex'), madeAt: now, until: now + ms, by: account(process.env), reason, match };
}

function silenceView({ id, madeAt, until, by, reason, match }: Silence) {
  return { id, madeAt: new Date(madeAt).toISOString(), until: new Date(until).toISOString(), by, reason, match };
}

function tableOf(silences: readonly Silence[]): string[] {
  const rows = silences.map(({ id, until, by, reason, match: { labels = {}, ...match } }) => {
    const what = [...Object.entries(match), ...Object.entries(labels)].map(([key, value]) => `${key}=${value}`);
    const end = new Date(until).toISOString().slice(0, 16).replace('T', ' ');
    return [id, printable(what.join(' ')), end, printable(by), printable(reason)];
  });
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  return aligned(
    [['SILENCE', 'OF', 'UNTIL (UTC)', 'BY', 'WHY'], ...rows].map((row) => row.map((text) => ({ text }))),
    { ...(columns !== undefined && { columns }), flexible: 1, ellipsis: '…' },
  );
}
