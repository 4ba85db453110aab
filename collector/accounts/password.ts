import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

/** 19 MiB and two passes: what OWASP's cheat sheet on storing passwords asks of argon2id at least. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const shortest = 12;
const longest = 1024;

/** argon2id (RFC 9106) as a PHC string, which says how it was made. 50 ms of one thread, and 19 MiB while it lasts. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const { memory, passes, parallelism } = cost;
  const tag = await derived(password, salt, cost, 32);
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Without a hash the answer takes as long, and is no: nobody learns by the time which names there are. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const found = hash === undefined ? undefined : parsed(hash);
  const { salt, tag, ...made } = found ?? { ...cost, salt: Buffer.alloc(16), tag: Buffer.alloc(32) };
  const given = await derived(password, salt, made, tag.length);
  return timingSafeEqual(given, tag) && found !== undefined;
}

/** Why nobody may have this password; undefined: it is fine. Length is what counts (NIST SP 800-63B 3.1.1.2). */
export function mistakeInPassword(password: string, name: string): string | undefined {
  const { length } = Array.from(password);
  if (length < shortest) return `a password has at least ${shortest} characters, this one has ${length}`;
  if (password.length > longest) return `a password has at most ${longest} characters`;
  if (new Set(password.toLowerCase()).size < 5) return 'a password has at least 5 different characters';
  const word = password.toLowerCase();
  return word.replaceAll(name, '').length < shortest / 2 ? 'a password is not the name again' : undefined;
}

type Cost = typeof cost;

function derived(password: string, nonce: Buffer, { memory, passes, parallelism }: Cost, tagLength: number) {
  // The same word however a keyboard composes its letters (RFC 8265 4.2.1).
  const message = password.normalize('NFC');
  return new Promise<Buffer>((resolve, reject) => {
    argon2('argon2id', { message, nonce, memory, passes, parallelism, tagLength }, (error, tag) =>
      error ? reject(error) : resolve(tag),
    );
  });
}

function parsed(hash: string): (Cost & { salt: Buffer; tag: Buffer }) | undefined {
  const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]{11,86})\$([\w+/]{22,86})$/;
  const [, memory, passes, parallelism, salt = '', tag = ''] = form.exec(hash) ?? [];
  if (memory === undefined) return undefined;
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
