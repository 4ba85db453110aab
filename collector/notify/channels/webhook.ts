import { createHmac } from 'node:crypto';
import { type ChannelOf, undelivered } from '../channel.ts';
import { postJson } from '../post.ts';

/** Any receiver: the message as it is (docs/webhook.md), signed where there is a secret. Idempotency-Key is the message's id. */
export const webhook: ChannelOf<'webhook'> = ({ url, secretFile }, { readSecret, now }) => ({
  delivery: 'once',
  async send(message, deadline) {
    const secret = secretFile === undefined ? '' : await readSecret(secretFile);
    if (secret === undefined) return undelivered('secret-unreadable', secretFile ?? '');
    const body = JSON.stringify(message);
    const signed = secret === '' ? {} : { 'certherd-signature': signature(secret, Math.floor(now() / 1000), body) };
    return postJson(url, body, { 'idempotency-key': message.id, ...signed }, deadline);
  },
});

/** `t=SECONDS,v1=HEX`: HMAC-SHA-256 with the secret over `SECONDS.BODY`. A receiver refuses old seconds, so that nothing can be sent anew by others. */
export function signature(secret: string, seconds: number, body: string): string {
  const hex = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${hex}`;
}
