import type { Certificate } from '@certherd/protocol/certificate';
import { createColors } from 'picocolors';
import type { Bundle } from '../formats/bundle.ts';
import { orderOf } from '../formats/chain.ts';
import type { Clock } from '../ports.ts';
import { printable } from '@certherd/command-line/printable';

type Colours = ReturnType<typeof createColors>;

/** What one file holds. */
export interface Inspection extends Omit<Bundle, 'leafRead'> {
  /** As it was named. */
  path: string;
  /** Index of the certificate that the first private key belongs to, -1 for none; absent where that could not be told. */
  keyOf?: number;
}

/** One file for people: its certificates in order, then how they and the keys fit together. */
export function viewOf(inspection: Inspection, to: { clock: Clock; colour: boolean; columns: number }): string {
  const colours = createColors(to.colour);
  const { certificates, keys } = inspection;
  const contents = [counted(certificates.length, 'certificate'), counted(keys, 'private key')].filter(
    (text) => text !== '',
  );
  const title = `${colours.bold(printable(inspection.path))}  ${formats[inspection.format]}, ${contents.join(', ')}`;
  const sections = certificates.map(({ certificate, position }) =>
    certificateView(certificate, position, to.clock.now(), colours, to.columns),
  );
  const rows = [
    ...(certificates.length > 1 ? [row('chain', chainText(inspection, colours), to.columns)] : []),
    ...(certificates.length > 0 && keys > 0 ? [row('private key', keyText(inspection, colours), to.columns)] : []),
  ];
  return `${[title, ...sections, ...(rows.length > 0 ? [rows.join('')] : [])].join('\n')}\n`;
}

function certificateView(
  certificate: Certificate,
  position: number,
  now: number,
  colours: Colours,
  columns: number,
): string {
  const { subjectAltNames, isAuthority, serialNumber, fingerprint } = certificate;
  const name = printable(nameOf(certificate));
  const role = isAuthority ? 'authority' : 'leaf';
  const heading = `  ${String(position).padStart(2)}  ${colours.bold(shortened(name, Math.max(columns - 20, 20)))}  ${colours.dim(role)}\n`;
  return [
    heading,
    ...(subjectAltNames.length > 0 ? [row('names', namesText(subjectAltNames), columns)] : []),
    row('valid', validityText(certificate, now, colours), columns),
    row('subject', long(certificate.subject) || '(empty)', columns),
    row('issuer', certificate.issuer === certificate.subject ? 'itself' : long(certificate.issuer), columns),
    row('key', printable(certificate.key), columns),
    row('serial', printable(serialNumber), columns),
    row('SHA-256', fingerprint, columns),
  ].join('');
}

const formats: Readonly<Record<Inspection['format'], string>> = {
  pem: 'PEM',
  der: 'DER',
  pkcs7: 'PKCS#7',
  pkcs12: 'PKCS#12',
  unknown: 'unknown format',
};

/** Ten names are enough to recognise a certificate; all of them are in the JSON. */
function namesText(names: readonly string[]): string {
  const shown = names
    .slice(0, 10)
    .map((name) => shortened(printable(name), 120))
    .join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more (all with --json)` : shown;
}

function validityText(certificate: Certificate, now: number, colours: Colours): string {
  const from = Date.parse(certificate.notBefore);
  const to = Date.parse(certificate.notAfter);
  const dates = `${minute(certificate.notBefore)} to ${minute(certificate.notAfter)} UTC`;
  if (now < from) return `${dates}; ${colours.red(`not valid for another ${duration(from - now)}`)}`;
  if (now > to) return `${dates}; ${colours.red(`expired ${duration(now - to)} ago`)}`;
  const share = to > from ? (to - now) / (to - from) : 0;
  const left = `${duration(to - now)} left of ${duration(to - from)} (${Math.floor(share * 100)} % of its life)`;
  // a third of life left is when renewal is due, whatever the lifetime; half of that is late
  const paint = share > 1 / 3 ? colours.green : share > 1 / 6 ? colours.yellow : colours.red;
  return `${dates}; ${paint(left)}`;
}

function chainText({ certificates }: Inspection, colours: Colours): string {
  const chain = certificates.map(({ x509 }) => x509);
  const { breakAt, endsInRoot } = orderOf(chain, { signatures: true });
  if (breakAt === undefined)
    return `each certificate is issued by the next${endsInRoot ? '; the last is a root, which servers need not send' : ''}`;
  const [one, next] = certificates.slice(breakAt, breakAt + 2);
  return colours.red(`certificate ${next?.position} does not issue certificate ${one?.position}`);
}

/** A server that loads key and certificates from one file needs the key of the first. */
function keyText({ keyOf, certificates }: Inspection, colours: Colours): string {
  if (keyOf === undefined) return 'in the same file: could not be compared';
  const owner = certificates[keyOf];
  if (!owner) return colours.red('in the same file: does not match any of its certificates');
  const text = `in the same file: matches certificate ${owner.position}`;
  return owner.position === 1 ? text : colours.red(`${text}, not the first`);
}

/** One fact under its label, wrapped at spaces to the width. */
function row(label: string, text: string, columns: number): string {
  const indent = 6 + labelWidth;
  const lines = wrap(text, Math.max(columns - indent, 30));
  return lines
    .map((line, index) => `${' '.repeat(6)}${(index === 0 ? label : '').padEnd(labelWidth)}${line}\n`)
    .join('');
}

const labelWidth = 13;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && visible(last) + 1 + visible(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Length without colours. */
function visible(text: string): number {
  return text.replace(colourCodes, '').length;
}

const colourCodes = new RegExp(`${String.fromCodePoint(0x1b)}\\[\\d+m`, 'g');

/** The subject's common name only where the certificate is valid for it, or has no other name. */
function nameOf({ subject, subjectAltNames }: Certificate): string {
  const attributes = subject.match(/(?:[^,\\]|\\.)+/g) ?? [];
  const common = attributes
    .map((text) => text.trim())
    .find((text) => text.startsWith('CN='))
    ?.slice(3);
  const [first] = subjectAltNames;
  if (first === undefined || (common !== undefined && subjectAltNames.includes(common))) return common ?? '(no name)';
  return first;
}

/** "2 certificates", and nothing for none. */
function counted(count: number, noun: string): string {
  return count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function long(text: string): string {
  return shortened(printable(text), 500);
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function minute(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)}`;
}

/** In the largest unit of which there are at least two or three. */
function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 180) return `${minutes} min`;
  if (minutes < 72 * 60) return `${Math.floor(minutes / 60)} h`;
  if (minutes < 1440 * 731) return `${Math.floor(minutes / 1440)} d`;
  return `${Math.floor(minutes / (1440 * 365.2425))} years`;
}
