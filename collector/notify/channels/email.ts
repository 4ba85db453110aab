import { domainToASCII } from 'node:url';
import { codeOf, messageOf } from '../../failure.ts';
import { type ChannelOf, type ChannelPorts, type Delivery, undelivered } from '../channel.ts';
import type { Message } from '../message.ts';
import { wordsOf } from '../words.ts';

const stepMs = 10_000;
/** Messages of which some have not been taken yet for all. */
const mostInParts = 1_000;

/**
 * E-mail through a mail server, with STARTTLS unless told otherwise. The Message-ID follows from the message's id, so that mail servers and readers that look
 * for copies see one; others show both. Where a server takes it for some and puts off others, these alone are tried again.
 */
export const email: ChannelOf<'email'> = (settings, ports) => {
  // Who has which message; after a restart that is not known, and all are tried again.
  const had = new Map<string, ReadonlySet<string>>();
  return { delivery: 'at-least-once', send: (message, deadline) => send(settings, ports, { message, deadline, had }) };
};

async function send(
  { server: host, port, tls, user, passwordFile, caFile, from, to }: Parameters<ChannelOf<'email'>>[0],
  { readSecret, readText }: ChannelPorts,
  { message, deadline, had }: { message: Message; deadline: AbortSignal; had: Map<string, ReadonlySet<string>> },
): Promise<Delivery> {
  const password = passwordFile === undefined ? undefined : await readSecret(passwordFile);
  if (passwordFile !== undefined && password === undefined) return undelivered('secret-unreadable', passwordFile);
  const ca = caFile === undefined ? undefined : await readText(caFile);
  if (caFile !== undefined && ca === undefined) return undelivered('secret-unreadable', caFile);
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    ...(ca !== undefined && { tls: { ca } }),
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const cut = new Promise<Delivery>((resolve) => {
    deadline.addEventListener('abort', () => resolve(undelivered('no-answer', 'no answer in time')), { once: true });
  });
  try {
    const before = had.get(message.id) ?? new Set();
    const left = to.filter((address) => !before.has(address));
    const sent = transport.sendMail({ from, to: left, ...mail(message, from) }).then(
      ({ accepted, rejectedErrors = [] }) => {
        const refused = refusedBy(rejectedErrors, password);
        had.delete(message.id);
        if (!rejectedErrors.some(isPutOff)) return { ok: true, ...(refused !== '' && { refused }) } as const;
        const taken = new Set(accepted.map(bare));
        had.set(message.id, new Set(to.filter((address) => before.has(address) || taken.has(bare(address)))));
        for (const [id] of had) if (had.size > mostInParts) had.delete(id);
        return undelivered('failed', refused);
      },
      (error: unknown) => {
        const rejected = before.size > 0 ? rejectedBy(error) : [];
        if (rejected.length === 0 || rejected.some(isPutOff)) return worded(error, password);
        // The others have it already: trying for three days would hold back what comes next for them.
        had.delete(message.id);
        return { ok: true, refused: refusedBy(rejected, password) } as const;
      },
    );
    return await Promise.race([sent, cut]);
  } finally {
    transport.close();
  }
}

function mail(message: Message, from: string) {
  const { headline, cause, facts, remedy, places, notes } = wordsOf(message);
  const isOver = message.kind === 'resolved';
  const links = [
    ['Take it on, or silence it', message.answer],
    ['Runbook', message.runbook],
    ['Status page', message.page],
  ] as const;
  const parts = [
    cause,
    facts.map(([label, value]) => `${label}: ${value}`).join('\n'),
    ...(isOver ? [] : [`What mends it:\n\n    ${remedy}`]),
    ...(places.length > 1 ? [places.map((place) => `- ${place}`).join('\n')] : []),
    links.flatMap(([label, url]) => (url === undefined ? [] : [`${label}: ${url}`])).join('\n'),
    ...notes,
  ];
  const domain = /@([^>\s]+?)>?$/.exec(from)?.[1] ?? 'certherd.invalid';
  const thread = `<certherd-${message.incident}@${domain}>`;
  return {
    subject: `[${message.severity}] ${headline}`,
    text: `${parts.filter((part) => part !== '').join('\n\n')}\n`,
    messageId: `<certherd-${message.id}@${domain}>`,
    // All messages about one incident are one conversation.
    references: thread,
    inReplyTo: thread,
    // RFC 3834: nobody on holiday answers it.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Certherd-Incident': message.incident },
  };
}

/** What nodemailer says of each. */
interface Rejected {
  recipient?: string | undefined;
  message: string;
  responseCode?: number | undefined;
}

/** Recipients that were not taken, where that is all that went wrong. */
function rejectedBy(error: unknown): readonly Rejected[] {
  return error instanceof Error && 'rejectedErrors' in error && Array.isArray(error.rejectedErrors)
    ? error.rejectedErrors
    : [];
}

function refusedBy(rejected: readonly Rejected[], password: string | undefined): string {
  return plain(rejected.map((one) => `${one.recipient}: ${one.message}`).join('; '), password);
}

/** A greylisting server asks for another try (RFC 5321 4.2.1). */
function isPutOff({ responseCode = 0 }: Pick<Rejected, 'responseCode'>): boolean {
  return responseCode >= 400 && responseCode < 500;
}

/** "ops@xn--bcher-kva.example" of "Ops <ops@bücher.example>", as it went over the wire. */
function bare(address: string): string {
  const plainly = /<([^>]*)>$/.exec(address)?.[1] ?? address;
  const at = plainly.lastIndexOf('@');
  return `${plainly.slice(0, at)}@${domainToASCII(plainly.slice(at + 1))}`;
}

function plain(text: string, password: string | undefined): string {
  const words = text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 300);
  return password ? words.replaceAll(password, '***') : words;
}

function worded(error: unknown, password: string | undefined): Delivery {
  const detail = plain(messageOf(error), password);
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0;
  if (status >= 400) return undelivered(status < 500 ? 'failed' : 'refused', detail);
  const code = codeOf(error);
  // A server that went silent after the data was sent may have taken it.
  if (code === 'ETIMEDOUT' || code === 'ECONNECTION') return undelivered('no-answer', detail);
  return undelivered(code === 'EAUTH' || code === 'ETLS' ? 'refused' : 'unreachable', detail);
}
