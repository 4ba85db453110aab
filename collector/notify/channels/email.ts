import { codeOf, messageOf } from '../../failure.ts';
import { type ChannelOf, type Delivery, undelivered } from '../channel.ts';
import type { Message } from '../message.ts';
import { wordsOf } from '../words.ts';

const stepMs = 10_000;

/**
 * E-mail through a mail server, with STARTTLS unless told otherwise. The Message-ID follows from the message's id, so that mail servers and readers that look
 * for copies see one; others show both.
 */
export const email: ChannelOf<'email'> = (settings, { readSecret, readText }) => ({
  delivery: 'at-least-once',
  async send(message, deadline) {
    const { server: host, port, tls, user, passwordFile, caFile, from, to } = settings;
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
      const sent = transport.sendMail({ from, to: [...to], ...mail(message, from) }).then(
        (): Delivery => ({ ok: true }),
        (error: unknown) => worded(error, password),
      );
      return await Promise.race([sent, cut]);
    } finally {
      transport.close();
    }
  },
});

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

function worded(error: unknown, password: string | undefined): Delivery {
  const words = messageOf(error)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 300);
  const detail = password ? words.replaceAll(password, '***') : words;
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : 0;
  if (status >= 400) return undelivered(status < 500 ? 'failed' : 'refused', detail);
  const code = codeOf(error);
  // A server that went silent after the data was sent may have taken it.
  if (code === 'ETIMEDOUT' || code === 'ECONNECTION') return undelivered('no-answer', detail);
  return undelivered(code === 'EAUTH' || code === 'ETLS' ? 'refused' : 'unreachable', detail);
}
