import { aligned } from '@certherd/command-line/layout';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { counted, typed } from '@certherd/command-line/words';
import { transparencyView, type TransparencyView } from '../serve/transparency-view.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readMore } from './database.ts';

/** `transparency`: what the logs have for watched names, by the database alone. */
export async function showTransparency(options: JsonOptions, console: Console): Promise<number> {
  const read = await readMore(options, console, async ({ store: { transparency }, estate, now }) => {
    const logs = await transparency.logs();
    return { logs, view: transparencyView(await transparency.certificates('all'), logs, estate, now) };
  });
  if (!read) return exitCodes.config;
  const { config } = read;
  const { logs, view } = read.more;
  if (options.json) console.print(jsonLine(view));
  else if (config.transparency.logs.length === 0 && logs.length === 0)
    console.print('No log is read: [[transparency.log]] in collector.toml names one.');
  else for (const line of linesOf(view)) console.print(line);
  return exitCodes.ok;
}

function linesOf({ logs, certificates, names }: TransparencyView): string[] {
  const ofLogs = logs.map(({ log, proved, size, readAt, failure }) => [
    printable(log),
    `${proved} of ${size}`,
    failure ? printable(failure.detail) : `read ${readAt ?? 'never'}`,
  ]);
  const unheld = certificates.filter(({ held }) => !held);
  const ofCertificates = unheld.map(({ names: [name = '', ...more], issuer, serialNumber, notAfter, loggedAt }) => [
    printable(more.length === 0 ? name : `${name} +${more.length}`),
    printable(issuer),
    printable(serialNumber),
    notAfter.slice(0, 10),
    loggedAt,
  ]);
  const ofNames = names.map(({ name, until, issuer }) => [printable(name), until.slice(0, 10), printable(issuer)]);
  const [first] = names;
  return [
    ...table(['LOG', 'PROVED', 'SAYS'], ofLogs),
    '',
    `${counted(certificates.length, 'certificate')} with watched names; held by no host: ${unheld.length}.`,
    ...(unheld.length > 0 ? table(['NAME', 'ISSUER', 'SERIAL', 'UNTIL', 'LOGGED'], ofCertificates) : []),
    '',
    `${counted(names.length, 'name')} that nobody listed.`,
    ...(first ? table(['NAME', 'UNTIL', 'ISSUER'], ofNames) : []),
    ...(first ? [`Next: ${typed(['certherd-collector', 'target', 'add', first.name])}`] : []),
  ];
}

function table(head: string[], rows: string[][]): string[] {
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  return aligned(
    [head, ...rows].map((row) => row.map((text) => ({ text }))),
    { ...(columns !== undefined && { columns }), flexible: 0, ellipsis: '...' },
  );
}
